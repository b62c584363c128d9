import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { text } from 'node:stream/consumers'

/** A request for a token. */
export interface TokenRequest {
  readonly path: string
  readonly form: Readonly<Record<string, string>>
}

export interface Answer {
  readonly status?: number
  /** An object is sent as JSON. */
  readonly body: string | Readonly<Record<string, unknown>>
}

/** The token endpoint of an authority, on 127.0.0.1. */
export class TokenEndpoint implements AsyncDisposable {
  readonly requests: TokenRequest[] = []
  /** Answers in this order; the last one is repeated. */
  answers: readonly Answer[]
  readonly #server: Server

  private constructor(server: Server, answers: readonly Answer[]) {
    this.#server = server
    this.answers = answers
  }

  static async start(...answers: readonly Answer[]): Promise<TokenEndpoint> {
    const server = createServer()
    const endpoint = new TokenEndpoint(server, answers)
    server.on('request', (request, response) => {
      void text(request).then((form) => {
        const path = request.url ?? ''
        endpoint.requests.push({ path, form: Object.fromEntries(new URLSearchParams(form)) })
        const [answer, ...later] = endpoint.answers
        if (later.length > 0) endpoint.answers = later
        const { status = 200, body = '' } = answer ?? {}
        response.writeHead(status)
        response.end(typeof body === 'string' ? body : JSON.stringify(body))
      })
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return endpoint
  }

  /** Environment variables of a connector that uses it. */
  get environment(): { readonly AZURE_AUTHORITY_HOST: string } {
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('The endpoint has no port')
    return { AZURE_AUTHORITY_HOST: `http://127.0.0.1:${address.port}` }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }
}

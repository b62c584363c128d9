import pg from 'pg'
import type { ConnectionConfig } from './server.ts'

/**
 * A row with each value as the server's text, so that no driver changes the values that a test
 * compares.
 */
export type Row = Record<string, string | null>

const AS_TEXT = { getTypeParser: () => (value: string) => value } as pg.CustomTypesConfig

/** One connection, for instance for a writer with an open transaction while the connector reads. */
export class Session implements AsyncDisposable {
  readonly client: pg.Client
  /** Error with which the server ended the connection, if any. */
  lost: Error | null = null

  private constructor(client: pg.Client) {
    this.client = client
    client.on('error', (error) => {
      this.lost = error
    })
  }

  /** @throws the error of pg if the server rejects the connection. */
  static async open(config: ConnectionConfig): Promise<Session> {
    const session = new Session(new pg.Client({ ...config, types: AS_TEXT }))
    await session.client.connect()
    return session
  }

  /**
   * Returns the rows of the last statement; `text` may contain several if there are no `params`.
   */
  async sql(text: string, params?: readonly unknown[]): Promise<Row[]> {
    const result = await (params === undefined
      ? this.client.query<Row>(text)
      : this.client.query<Row>(text, [...params]))
    return [result].flat().at(-1)?.rows ?? []
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.lost === null) await this.client.end()
  }
}

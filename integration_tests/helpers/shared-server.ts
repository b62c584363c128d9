import { Server } from './server.ts'

let starting: Promise<Server> | null = null

/** The one server of this run: started by mocha when `--require`d, else by the first who asks. */
export async function sharedServer(): Promise<Server> {
  starting ??= Server.start()
  return await starting
}

/** Starts the server before the tests, so that no test's own time includes it. */
export async function mochaGlobalSetup(): Promise<void> {
  await sharedServer()
}

/** Ends the server after the tests. */
export async function mochaGlobalTeardown(): Promise<void> {
  const server = await starting
  starting = null
  await server?.[Symbol.asyncDispose]()
}

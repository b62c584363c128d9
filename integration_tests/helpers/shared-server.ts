import { Server } from './server.ts'

let starting: Promise<Server> | null = null

/** The only server of this run: started by mocha with `--require`, otherwise on first use. */
export async function sharedServer(): Promise<Server> {
  starting ??= Server.start()
  return await starting
}

/** Starts the server before the tests, so that its start is not part of a test's time. */
export async function mochaGlobalSetup(): Promise<void> {
  await sharedServer()
}

/** Stops the server after the tests. */
export async function mochaGlobalTeardown(): Promise<void> {
  const server = await starting
  starting = null
  await server?.[Symbol.asyncDispose]()
}

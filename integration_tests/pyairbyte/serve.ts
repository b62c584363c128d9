import { once } from 'node:events'
import { TestDatabase } from '../helpers/database.ts'
import { printLines } from '../helpers/report.ts'
import { Server } from '../helpers/server.ts'

/**
 * A PostgreSQL server for programs in other languages: prints one line of JSON with the parameters
 * of an empty database, and runs until its stdin ends.
 */
await using server = await Server.start()
await using database = await TestDatabase.create(server)
printLines(JSON.stringify(server.connectionConfig(database.name)))
await once(process.stdin.resume(), 'end')

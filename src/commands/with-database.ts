/**
 * Everything that commands with a database need, in one module: each chunk of the bundle is a file
 * to resolve, read and compile.
 */
export { expandEnv } from '../config/expand-env.ts'
export { readJsonFile } from '../config/read-json-file.ts'
export { check } from './check.ts'
export { discover } from './discover.ts'
export { readCatalog, readGivenShard, readStates, readStatesToKeep } from './input-files.ts'
export { readTask } from './processes/read-task.ts'
export { read } from './read.ts'
export { readShards } from './read-shards.ts'
export { shards } from './shards.ts'

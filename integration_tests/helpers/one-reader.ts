/**
 * Config to read streams one after the other: the other two connections hold the snapshot and run
 * health queries.
 */
export const ONE_READER = { max_connections: 3 }

/** A config with which streams are read one after the other: the other two hold the snapshot and ask for health. */
export const ONE_READER = { max_connections: 3 }

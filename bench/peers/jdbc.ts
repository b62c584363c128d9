import { selectColumns } from '../tables.ts'
import { installJava } from './environment.ts'
import type { Peer } from './peer.ts'

const DRIVER = 'org.postgresql:postgresql:42.7.8'
const JACKSON_VERSION = '2.18.2'
const JACKSON = ['core', 'databind', 'annotations'].map(
  (part) => `com.fasterxml.jackson.core:jackson-${part}:${JACKSON_VERSION}`,
)

/** A plain source on the JVM. */
export const jdbc: Peer = {
  name: 'pgjdbc and Jackson',
  output: 'JSON lines',
  destination: 'null',
  install: async () => {
    const classPath = await installJava('ReadByJdbc.java', [DRIVER, ...JACKSON])
    return {
      version: `${DRIVER.replace(/^.*:/, '')}, ${JACKSON_VERSION}`,
      command: async ({ connection: { host, port, user, password, database }, table }) => {
        const url = `jdbc:postgresql://${host}:${port}/${database}?user=${user}&password=${password}`
        return ['java', '-cp', classPath, 'ReadByJdbc', url, selectColumns(table), table.name]
      },
    }
  },
}

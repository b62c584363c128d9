import { writeGeometric } from './geometric.ts'
import { writeInt2, writeOid } from './numbers.ts'
import { printVersioned } from './printers/byte-printers.ts'
import {
  printBox,
  printCircle,
  printLine,
  printLseg,
  printPath,
  printPoint,
  printPolygon,
} from './printers/geometric-printers.ts'
import { intervalPrinter } from './printers/interval-printer.ts'
import { vectorPrinter } from './printers/nested-printers.ts'
import { macPrinter, printInet } from './printers/network-printers.ts'
import { printLsn, printSnapshot, printTid, printXid8 } from './printers/number-printers.ts'
import { type Printer, printText } from './printers/printer.ts'
import { printTsquery, printTsvector } from './printers/text-search-printers.ts'
import { writeString } from './text.ts'
import { ORDERED, STRING, type TypeEntry, entry } from './type-entry.ts'

/** Types of pg_catalog that are strings in records and have a binary form in the log. */
export const TEXT_TYPES: readonly TypeEntry[] = [
  ...shapes([
    ['point', printPoint],
    ['line', printLine],
    ['lseg', printLseg],
    ['box', printBox],
    ['path', printPath],
    ['polygon', printPolygon],
    ['circle', printCircle],
  ]),
  ...plain([
    ['cid', writeOid],
    ['cidr', printInet],
    ['inet', printInet],
    ['int2vector', vectorPrinter(writeInt2)],
    ['jsonpath', printVersioned],
    ['macaddr', macPrinter(6)],
    ['macaddr8', macPrinter(8)],
    ['oidvector', vectorPrinter(writeOid)],
    ['pg_lsn', printLsn],
    ['pg_snapshot', printSnapshot],
    ['refcursor', printText],
    ['tid', printTid],
    ['tsquery', printTsquery],
    ['tsvector', printTsvector],
    ['txid_snapshot', printSnapshot],
    ['xid', writeOid],
    ['xid8', printXid8],
  ]),
  entry('interval', STRING, writeString, {
    print: ({ major }) => intervalPrinter(major),
    isCopiedInBinary: true,
  }),
]

/** Types of the extension ltree. */
export const LTREE_TYPES: readonly TypeEntry[] = [
  entry('ltree', STRING, writeString, { print: () => printVersioned, cursor: ORDERED }),
  ...plain([
    ['lquery', printVersioned],
    ['ltxtquery', printVersioned],
  ]),
]

type Printable = readonly (readonly [name: string, print: Printer])[]

function plain(types: Printable): readonly TypeEntry[] {
  return types.map(([name, print]) => entry(name, STRING, writeString, { print: () => print }))
}

function shapes(types: Printable): readonly TypeEntry[] {
  return types.map(([name, print]) => entry(name, STRING, writeGeometric, { print: () => print }))
}

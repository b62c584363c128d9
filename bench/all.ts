import { parseOptions } from './options.ts'

const TITLE = `npm run bench: measures tables, the log and many tables over a slow network, one after the other.

Options belong to one benchmark; list them with
  npm run bench:rows -- --help
  npm run bench:log -- --help
  npm run bench:far -- --help
  npm run bench:peers -- --help   (other programs; not part of npm run bench)`

parseOptions(TITLE, {})
await import('./bench.ts')
await import('./log.ts')
await import('./far.ts')

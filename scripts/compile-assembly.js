import asc from 'assemblyscript/asc'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const SOURCES = fileURLToPath(new URL('../assembly', import.meta.url))
const OUTPUT = fileURLToPath(new URL('../dist/src/accelerator/encoder.wasm', import.meta.url))

// asc takes 3 s and is not incremental
if (!isUpToDate()) {
  const { error } = await asc.main(['--config', `${SOURCES}/asconfig.json`], process)
  if (error !== null) process.exitCode = 1
}

function isUpToDate() {
  if (!existsSync(OUTPUT)) return false
  const compiledMs = statSync(OUTPUT).mtimeMs
  return readdirSync(SOURCES).every((file) => statSync(`${SOURCES}/${file}`).mtimeMs < compiledMs)
}

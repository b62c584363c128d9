import { Ajv } from 'ajv'
import standaloneCode from 'ajv/dist/standalone/index.js'
import { build } from 'esbuild'
import { chmod, copyFile, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { AJV_OPTIONS, VALIDATION_SCHEMA } from '../dist/src/config/validation/validator.js'

/*
 * dist/src → dist/main.js and dist/chunks/: the files that the command and the image run, without
 * node_modules. Loading one file and not 150 halves the time until a command starts. Modules that
 * are imported on demand become separate chunks.
 */

const DIST = fileURLToPath(new URL('../dist', import.meta.url))

/** The validator of the config, compiled now and not at each start. */
const COMPILED_VALIDATOR = {
  name: 'compiled-validator',
  setup({ onLoad }) {
    onLoad({ filter: /\/dist\/src\/config\/validation\/validator\.js$/ }, () => {
      const ajv = new Ajv({ ...AJV_OPTIONS, code: { source: true, esm: true } })
      return { contents: standaloneCode(ajv, { validator: addSchema(ajv) }), resolveDir: DIST }
    })
  },
}

function addSchema(ajv) {
  ajv.addSchema(VALIDATION_SCHEMA, 'config')
  return 'config'
}

await rm(`${DIST}/chunks`, { recursive: true, force: true })
const { metafile } = await build({
  metafile: true,
  entryPoints: { main: `${DIST}/src/main.js` },
  outdir: DIST,
  chunkNames: 'chunks/[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  minifySyntax: true,
  // ssh2 looks for optional files beside its modules when it is loaded
  define: { __dirname: 'import.meta.dirname' },
  // Native parts, all optional
  external: ['*.node', 'cpu-features', 'pg-native'],
  // For `require` of a Node.js module in CommonJS packages
  banner: {
    js: "import { createRequire as requireFor } from 'node:module'; const require = requireFor(import.meta.url);",
  },
  plugins: [COMPILED_VALIDATOR],
})
// Loaded from the directory of the module that loads it, which is a chunk now
await copyFile(`${DIST}/src/accelerator/encoder.wasm`, `${DIST}/chunks/encoder.wasm`)
await writeFile(`${DIST}/LICENSES.txt`, await licensesOf(metafile.inputs))
await chmod(`${DIST}/main.js`, 0o755)

/** Concatenates the licences of the bundled packages. */
async function licensesOf(inputs) {
  const paths = Object.keys(inputs).map(
    (path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0],
  )
  const packages = [...new Set(paths)].filter((path) => path !== undefined).toSorted()
  return (await Promise.all(packages.map(licenseOf))).join('\n')
}

async function licenseOf(path) {
  const { name, version } = JSON.parse(await readFile(`${path}/package.json`, 'utf8'))
  const files = (await readdir(path)).filter((entry) => /^(licen[cs]e|notice)/i.test(entry))
  const texts = await Promise.all(files.map((file) => readFile(`${path}/${file}`, 'utf8')))
  return [`${name} ${version}`, ...texts].join('\n\n')
}

/**
 * Starts the program of a checkout from a bundle of its sources and packages. The bundle is made when one of them has changed, which takes
 * a second. From it a command starts half a second sooner than from the packages' own files.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const folder = join(root, '.cache/program')
/** Names the newest bundle and the state of the sources that it was made of. */
const newest = join(folder, 'newest.json')
/** npm writes it whenever it changes a package. */
const PACKAGES = 'node_modules/.package-lock.json'
/** A run loads parts of its bundle as it needs them. None takes longer. */
const LONGEST_RUN_MS = 24 * 60 * 60 * 1000

/** @param {string} path from the root */
function stateOf(path) {
  const { size, mtimeMs } = statSync(join(root, path))
  return `${size} ${mtimeMs}`
}

/** The path of a bundle of the sources as they are now, if there is one. */
function findBundle() {
  try {
    const { madeIn, bundle, sources } = JSON.parse(readFileSync(newest, 'utf8'))
    // A checkout that was moved has a bundle that looks for its files where they were.
    return madeIn === root && Object.entries(sources).every(([path, state]) => stateOf(path) === state) ? bundle : undefined
  } catch {
    return undefined // there is none, or a source is gone
  }
}

/** A folder for a bundle; undefined where the checkout cannot be written to. */
function makeFolder() {
  try {
    mkdirSync(folder, { recursive: true })
    return mkdtempSync(join(folder, 'bundle-'))
  } catch {
    return undefined
  }
}

/** @param {string} made the folder that it goes to */
async function makeBundle(made) {
  const { build } = await import('esbuild')
  const { metafile } = await build({
    entryPoints: [join(root, 'scripts/main.ts')],
    absWorkingDir: root,
    outdir: made,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    // It starts a program of its own.
    external: ['esbuild'],
    // Packages that are CommonJS call it.
    banner: {
      js: `import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(${JSON.stringify(import.meta.url)})`,
    },
    metafile: true,
    logLevel: 'error',
    // Of the sources only harness/paths.ts asks where it lies, and packages ask from where they can be found.
    define: { 'import.meta.url': JSON.stringify(new URL('../harness/paths.ts', import.meta.url).href) },
  })
  const bundle = join(made, 'main.mjs')
  const own = Object.keys(metafile.inputs).filter((path) => !path.startsWith('node_modules/'))
  const sources = Object.fromEntries([...own, PACKAGES, 'scripts/launch.mjs'].map((path) => [path, stateOf(path)]))
  writeFileSync(`${made}.json`, JSON.stringify({ madeIn: root, bundle, sources }))
  renameSync(`${made}.json`, newest)
  for (const name of readdirSync(folder)) {
    const path = join(folder, name)
    if (name.startsWith('bundle-') && Date.now() - statSync(path).mtimeMs > LONGEST_RUN_MS) rmSync(path, { recursive: true, force: true })
  }
  return bundle
}

const found = findBundle()
const made = found === undefined ? makeFolder() : undefined
if (found !== undefined) await import(found)
else if (made !== undefined) await import(await makeBundle(made))
else {
  // Without this, tsx leaves a cache in the system's temporary folder.
  process.env.TSX_DISABLE_CACHE = '1'
  const { register } = await import('tsx/esm/api')
  register()
  await import('./main.ts')
}

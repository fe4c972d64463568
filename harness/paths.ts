import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** True in the package, which is compiled to JavaScript, and false in a checkout. */
export const isPackage = import.meta.url.endsWith('.js')

/** Where package.json lies: compiled files lie a folder deeper, in dist. */
const home = fileURLToPath(new URL(isPackage ? '../..' : '..', import.meta.url))

/** The absolute path of a file that comes along, in a checkout and in the package, by its path from package.json. */
export function assetPath(path: string): string {
  return join(home, path)
}

/** The absolute path of a bundle that was made when the package was. A checkout has none. */
export function bundlePath(name: string): string {
  return assetPath(`dist/bundles/${name}`)
}

/**
 * The command line for these words, e.g. `setup --machine uml`: `scripts/setup ...` in a checkout. A program that is
 * called through npm is not on PATH.
 */
export function commandLine(words: string): string {
  if (!isPackage) return `scripts/${words}`
  return `${process.env.npm_command === undefined ? '' : 'npx '}holeproof ${words}`
}

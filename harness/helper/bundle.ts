import { readFile, writeFile } from 'node:fs/promises'
import { type BuildOptions, build } from 'esbuild'
import { assetPath, bundlePath, isPackage } from '../paths.ts'

type Entry = Pick<BuildOptions, 'entryPoints' | 'stdin'>

/** Makes one file that Node runs inside a machine: of a file of ours, or of text that imports what it needs. */
export async function bundleForNode(entry: Entry, outfile: string): Promise<void> {
  await writeFile(outfile, await bundle(entry))
}

async function bundle(entry: Entry): Promise<string> {
  const { outputFiles } = await build({
    ...entry,
    write: false,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    // Packages that were written for require() find it.
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    logLevel: 'silent',
  })
  return outputFiles.map(({ text }) => text).join('')
}

let helper: Promise<string> | undefined

/** The text of the helper program, as one file. The package has it ready; a checkout bundles its source, once in a process. */
export function helperProgram(): Promise<string> {
  helper ??= isPackage ? readFile(bundlePath('helper.mjs'), 'utf8') : bundleHelper()
  return helper
}

/** Bundles the helper program from its source. */
export function bundleHelper(): Promise<string> {
  return bundle({ entryPoints: [assetPath('harness/helper/main.ts')] })
}

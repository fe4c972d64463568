import { copyFile } from 'node:fs/promises'
import { type BuildOptions, build } from 'esbuild'
import { assetPath, bundlePath, isPackage } from '../paths.ts'

/** Makes one file that Node runs inside a machine: of a file of ours, or of text that imports what it needs. */
export async function bundleForNode(entry: Pick<BuildOptions, 'entryPoints' | 'stdin'>, outfile: string): Promise<void> {
  await build({
    ...entry,
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    // Packages that were written for require() find it.
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    logLevel: 'silent',
  })
}

/** Writes the helper program as one file. The package has it ready; a checkout bundles its source. */
export async function writeHelper(outfile: string): Promise<void> {
  if (isPackage) await copyFile(bundlePath('helper.mjs'), outfile)
  else await bundleHelper(outfile)
}

/** Bundles the helper program from its source. */
export function bundleHelper(outfile: string): Promise<void> {
  return bundleForNode({ entryPoints: [assetPath('harness/helper/main.ts')] }, outfile)
}

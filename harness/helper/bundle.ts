import { type BuildOptions, build } from 'esbuild'

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

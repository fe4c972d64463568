import { basename, dirname, join } from 'node:path'
import { UsageError } from '../../errors.ts'
import { bundleForNode } from '../../helper/bundle.ts'
import { assetPath } from '../../paths.ts'

const HOST = assetPath('harness/protocol/module_host.ts')

export function bundleName(path: string): string {
  return `${basename(path)}.driver.mjs`
}

/** Bundles a driver module and its host into one file that Node runs without anything else. Throws UsageError when the module does not build. */
export async function bundleModule(path: string, into: string): Promise<string> {
  const bundle = join(into, bundleName(path))
  const entry = [
    `import { hostModule } from ${JSON.stringify(HOST)}`,
    `import * as module from ${JSON.stringify(path)}`,
    `const make = 'default' in module ? module.default : undefined`,
    `if (typeof make !== 'function') { console.error('the module has no function as its default export'); process.exit(2) }`,
    `hostModule(make)`,
  ].join('\n')
  try {
    await bundleForNode({ stdin: { contents: entry, resolveDir: dirname(path), loader: 'ts' } }, bundle)
  } catch (error) {
    throw new UsageError(`${path} cannot be built: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
  return bundle
}

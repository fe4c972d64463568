import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { BrokenLab } from '../../errors.ts'
import { decompress } from './decompress.ts'

/** A module as the kernel takes it, and the modules that must be loaded before it, in that order. */
export interface KernelModule {
  /** The module's name, with underscores. */
  readonly name: string
  readonly data: Buffer
  readonly needs: readonly string[]
}

const MODULE_FILE = /\.ko(\.\w+)?$/

/**
 * Reads modules and all that they need from a /lib/modules/<release>, in an order in which they can be loaded. What is built
 * into the kernel is left out. Throws BrokenLab when a module is nowhere, unless it is optional.
 */
export async function collectModules(
  folder: string,
  wanted: readonly string[],
  optional: readonly string[] = [],
): Promise<readonly KernelModule[]> {
  const files = await readdir(folder, { recursive: true })
  const paths = new Map(files.filter((file) => MODULE_FILE.test(file)).map((file) => [moduleName(file), join(folder, file)]))
  const builtIn = new Set((await readFile(join(folder, 'modules.builtin'), 'utf8')).split('\n').map(moduleName))
  const missing = wanted.map(moduleName).filter((name) => !paths.has(name) && !builtIn.has(name))
  const fatal = missing.filter((name) => !optional.map(moduleName).includes(name))
  if (fatal.length > 0) throw new BrokenLab(`the kernel of ${folder} has no module ${fatal.join(', ')}`)

  const collected = new Map<string, KernelModule>()
  const collect = async (name: string): Promise<void> => {
    const path = paths.get(name)
    if (path === undefined || collected.has(name)) return
    const data = await decompress(await readFile(path), path)
    const direct = directNeeds(data)
    for (const needed of direct) await collect(needed)
    const needs = direct.flatMap((needed) => [...(collected.get(needed)?.needs ?? []), ...(collected.has(needed) ? [needed] : [])])
    collected.set(name, { name, data, needs: [...new Set(needs)] })
  }
  for (const name of wanted) await collect(moduleName(name))
  return [...collected.values()]
}

/** The text of a modules.dep for a folder that holds these modules as `<name>.ko`; it lists what is needed last one first. */
export function modulesDep(modules: readonly KernelModule[]): string {
  const lines = modules.map(({ name, needs }) => [`${name}.ko:`, ...needs.toReversed().map((needed) => `${needed}.ko`)].join(' '))
  return `${lines.join('\n')}\n`
}

/** A module's file says itself what it needs, in a string "depends=a,b"; depmod's index need not exist. */
function directNeeds(data: Buffer): string[] {
  const depends = /(?:^|\0)depends=([^\0]*)\0/.exec(data.toString('latin1'))?.[1] ?? ''
  return depends.split(',').filter(Boolean).map(moduleName)
}

function moduleName(file: string): string {
  return basename(file).replace(MODULE_FILE, '').replaceAll('-', '_')
}

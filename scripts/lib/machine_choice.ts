import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { release } from 'node:os'
import { join } from 'node:path'
import { makeRunFolder } from '../../harness/lab/run_folder.ts'
import { openMachines } from '../../harness/machine/choose.ts'
import { BrokenLab, messageOf } from '../../harness/machine/errors.ts'
import type { MachineKind } from '../../harness/machine/machine.ts'
import { lacksForNative } from '../../harness/machine/probe_native.ts'
import { cacheFolder } from '../../harness/machine/tools.ts'
import { type Part, setUp } from './setup.ts'

/** What each machine kind needs. */
export const PARTS: Record<MachineKind, readonly Part[]> = {
  native: ['storage', 'layers'],
  uml: ['storage', 'layers', 'uml'],
  qemu: ['storage', 'layers', 'qemu'],
}
const REMEMBERED = join(cacheFolder, 'machine')
const GUEST_BYTES = 1024 ** 3

/**
 * Sets up the machine kind that was asked for, or chooses one: native where CI runs as root with dm-thin, else the first
 * guest that boots here, remembered for this kernel. Throws BrokenLab with all that is missing when none can be had.
 */
export async function prepareMachine(asked: MachineKind | 'auto', say: (line: string) => void): Promise<MachineKind> {
  if (asked !== 'auto') {
    await setUp(PARTS[asked], say)
    const lacks = asked === 'native' ? await lacksForNative({ load: true }) : []
    if (lacks.length > 0)
      throw new BrokenLab(['this kernel cannot be the machine; missing:', ...lacks.map((what) => `  ${what}`)].join('\n'))
    return asked
  }
  if (prefersNative()) {
    await setUp(PARTS.native, say)
    if ((await lacksForNative({ load: true })).length === 0) return 'native'
  }
  const remembered = await recall()
  if (remembered !== undefined) {
    await setUp(PARTS[remembered], say)
    return remembered
  }
  const refusals: string[] = []
  for (const kind of ['uml', 'qemu'] as const) {
    try {
      await setUp(PARTS[kind], say)
      await tryBoot(kind)
      await remember(kind)
      return kind
    } catch (error) {
      say(`setup: no ${kind} guest here: ${messageOf(error).split('\n')[0]}`)
      refusals.push(`${kind}: ${messageOf(error)}`)
    }
  }
  throw new BrokenLab(['no machine can be had here:', ...refusals].join('\n'))
}

/** Whether `auto` takes this kernel where it can: on a CI runner, as root, which is thrown away afterwards. */
export function prefersNative(): boolean {
  return process.env.CI !== undefined && process.getuid?.() === 0
}

/** Boots a guest and ends it. Throws BrokenLab when it does not come up. */
export async function tryBoot(kind: MachineKind): Promise<void> {
  const folder = await makeRunFolder(GUEST_BYTES)
  try {
    for (const machine of await openMachines(kind, folder.path, 1)) await machine.close()
  } finally {
    await folder.remove()
  }
}

/** A guest kind that has booted under this kernel boots again; another kernel is asked anew. */
export async function recall(): Promise<'uml' | 'qemu' | undefined> {
  const text = await readFile(REMEMBERED, 'utf8').catch(() => '')
  const [kernel, kind] = text.trim().split(' ')
  return kernel === release() && (kind === 'uml' || kind === 'qemu') ? kind : undefined
}

async function remember(kind: MachineKind): Promise<void> {
  await mkdir(cacheFolder, { recursive: true })
  await writeFile(REMEMBERED, `${release()} ${kind}\n`)
}

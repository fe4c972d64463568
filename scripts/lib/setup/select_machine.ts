import { readFile } from 'node:fs/promises'
import { release } from 'node:os'
import { join } from 'node:path'
import { BrokenLab, messageOf } from '../../../harness/errors.ts'
import { makeRunFolder } from '../../../harness/lab/run_folder.ts'
import type { MachineKind } from '../../../harness/machine/machine.ts'
import { lacksForNative } from '../../../harness/machine/probe_native.ts'
import { cacheFolder } from '../../../harness/machine/tools.ts'
import { openMachines } from '../../../harness/testbed/open_machines.ts'
import { GiB } from '../../../harness/units.ts'
import { holdingSignals } from '../cli/signals.ts'
import { writeOutFile } from '../output/out.ts'
import { type Part, setUp } from './setup.ts'

export type GuestKind = Exclude<MachineKind, 'native'>

/** What each machine kind needs. */
export const PARTS: Record<MachineKind, readonly Part[]> = {
  native: ['storage', 'layers'],
  uml: ['storage', 'layers', 'uml'],
  qemu: ['storage', 'layers', 'qemu'],
}
const REMEMBERED = join(cacheFolder, 'machine')
const GUEST_BYTES = GiB

/**
 * Sets up the machine kind that was asked for, or chooses one: native where CI runs as root with dm-thin, else the first
 * guest that boots here. Throws BrokenLab with all that is missing when none can be had.
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
  const bring = async (kind: GuestKind) => {
    await setUp(PARTS[kind], say)
    await tryBoot(kind)
  }
  const kind = await firstGuest(remembered, bring, (line) => say(`setup: ${line}`))
  if (kind !== remembered) await remember(kind)
  return kind
}

/** The first kind of guest that can be brought up. Throws BrokenLab with what each of them lacks when none can. */
export async function firstGuest(
  remembered: GuestKind | undefined,
  bring: (kind: GuestKind) => Promise<void>,
  say: (line: string) => void,
): Promise<GuestKind> {
  const refusals: string[] = []
  for (const kind of guestsInOrder(remembered)) {
    try {
      await bring(kind)
      return kind
    } catch (error) {
      say(`no ${kind} guest here: ${messageOf(error).split('\n')[0]}`)
      refusals.push(`${kind}: ${messageOf(error)}`)
    }
  }
  throw new BrokenLab(['no machine can be had here:', ...refusals].join('\n'))
}

/** The guests in the order in which `auto` tries them. The one that booted last comes first, which spares trying what cannot be had. */
export function guestsInOrder(remembered: GuestKind | undefined): readonly GuestKind[] {
  return remembered === 'qemu' ? ['qemu', 'uml'] : ['uml', 'qemu']
}

/** Whether `auto` takes this kernel where it can: on a CI runner, as root, which is thrown away afterwards. */
export function prefersNative(): boolean {
  return process.env.CI !== undefined && process.getuid?.() === 0
}

/** Boots a guest and ends it; nothing of it is left, also where the run is stopped meanwhile. Throws BrokenLab when it does not come up. */
export function tryBoot(kind: MachineKind): Promise<void> {
  return holdingSignals(async () => {
    const folder = await makeRunFolder(GUEST_BYTES)
    try {
      for (const machine of await openMachines(kind, folder.path, 1)) await machine.close()
    } finally {
      await folder.remove()
    }
  })
}

/** The guest kind that last booted under this kernel. It need not now: the cache travels, and containers forbid what others permit. */
export async function recall(): Promise<GuestKind | undefined> {
  const text = await readFile(REMEMBERED, 'utf8').catch(() => '')
  const [kernel, kind] = text.trim().split(' ')
  return kernel === release() && (kind === 'uml' || kind === 'qemu') ? kind : undefined
}

async function remember(kind: GuestKind): Promise<void> {
  // Where nothing can be kept, the next run finds out again.
  await writeOutFile('HOLEPROOF_CACHE', REMEMBERED, `${release()} ${kind}\n`).catch(() => {})
}

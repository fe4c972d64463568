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

/** The parts that each machine kind needs. */
export const PARTS: Record<MachineKind, readonly Part[]> = {
  native: ['storage', 'layers'],
  uml: ['storage', 'layers', 'uml'],
  qemu: ['storage', 'layers', 'qemu'],
}
const REMEMBERED = join(cacheFolder, 'machine')
const GUEST_BYTES = GiB

/**
 * Sets up the machine kind that was asked for. `auto` selects native if CI runs as root with dm-thin, else the first guest that boots.
 * Throws BrokenLab with everything that is missing if none is usable.
 */
export async function prepareMachine(asked: MachineKind | 'auto', log: (line: string) => void): Promise<MachineKind> {
  if (asked !== 'auto') {
    await setUp(PARTS[asked], log)
    const lacks = asked === 'native' ? await lacksForNative({ load: true }) : []
    if (lacks.length > 0)
      throw new BrokenLab(['Cannot run natively on this kernel. Missing:', ...lacks.map((item) => `  ${item}`)].join('\n'))
    return asked
  }
  if (prefersNative()) {
    await setUp(PARTS.native, log)
    if ((await lacksForNative({ load: true })).length === 0) return 'native'
  }
  const remembered = await recall()
  const boot = async (kind: GuestKind) => {
    await setUp(PARTS[kind], log)
    await tryBoot(kind)
  }
  const kind = await firstGuest(remembered, boot, (line) => log(`setup: ${line}`))
  if (kind !== remembered) await remember(kind)
  return kind
}

/** Returns the first kind of guest that boots. Throws BrokenLab with the reason of each if none does. */
export async function firstGuest(
  remembered: GuestKind | undefined,
  boot: (kind: GuestKind) => Promise<void>,
  log: (line: string) => void,
): Promise<GuestKind> {
  const failures: string[] = []
  for (const kind of guestsInOrder(remembered)) {
    try {
      await boot(kind)
      return kind
    } catch (error) {
      log(`${kind} guests do not work here: ${messageOf(error).split('\n')[0]}`)
      failures.push(`${kind}: ${messageOf(error)}`)
    }
  }
  throw new BrokenLab(['No usable machine:', ...failures].join('\n'))
}

/** The guests in the order in which `auto` tries them. The one that booted last comes first, which spares failed attempts. */
export function guestsInOrder(remembered: GuestKind | undefined): readonly GuestKind[] {
  return remembered === 'qemu' ? ['qemu', 'uml'] : ['uml', 'qemu']
}

/** Reports whether `auto` prefers this kernel to a guest: as root on a CI runner, which is thrown away afterwards. */
export function prefersNative(): boolean {
  return process.env.CI !== undefined && process.getuid?.() === 0
}

/** Boots a guest and ends it. Nothing of it is left, even if the run is stopped meanwhile. Throws BrokenLab if it does not boot. */
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

/** The guest kind that last booted under this kernel. It may fail now: caches are copied, and containers differ in what they permit. */
export async function recall(): Promise<GuestKind | undefined> {
  const text = await readFile(REMEMBERED, 'utf8').catch(() => '')
  const [kernel, kind] = text.trim().split(' ')
  return kernel === release() && (kind === 'uml' || kind === 'qemu') ? kind : undefined
}

async function remember(kind: GuestKind): Promise<void> {
  // If the cache is not writable, the next run tries again.
  await writeOutFile('HOLEPROOF_CACHE', REMEMBERED, `${release()} ${kind}\n`).catch(() => {})
}

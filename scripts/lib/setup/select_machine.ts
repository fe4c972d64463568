import { BrokenLab, messageOf, UsageError } from '../../../harness/errors.ts'
import { makeRunFolder } from '../../../harness/lab/run_folder.ts'
import { selectKernel } from '../../../harness/machine/guest/uml_kernels.ts'
import type { MachineChoice, MachineKind } from '../../../harness/machine/machine.ts'
import { lacksForNative } from '../../../harness/machine/probe_native.ts'
import { commandLine } from '../../../harness/paths.ts'
import { openMachines } from '../../../harness/testbed/open_machines.ts'
import { GiB } from '../../../harness/units.ts'
import { isLabFailure, type KernelChoice, throwIfAll } from '../../../harness/verify/kernels.ts'
import { holdingSignals } from '../cli/signals.ts'
import { bringQemu } from './qemu_daemon.ts'
import { type Remembered, recall, remember } from './remembered_machine.ts'
import { type Part, setUp } from './setup.ts'
import { bringKernel } from './uml_kernel.ts'

export type GuestKind = Exclude<MachineKind, 'native'>

/** The parts that each machine kind needs, besides the kernel of its guests. */
export const PARTS: Record<MachineKind, readonly Part[]> = {
  native: ['storage', 'layers'],
  uml: ['storage', 'layers'],
  qemu: ['storage', 'layers', 'qemu'],
}
const GUEST_BYTES = GiB

/** Sets up a machine as selectMachine does, and beside it QEMU's storage daemon, without which live migrations are not shown. */
export async function prepareMachine(
  asked: MachineKind | 'auto',
  kernel: string | undefined,
  log: (line: string) => void,
): Promise<MachineChoice> {
  const daemon = bringQemu('newest', log).catch((error: unknown) => {
    log(`setup: QEMU's storage daemon cannot be had, so live migrations are not shown: ${messageOf(error).split('\n')[0]}`)
  })
  const [choice] = await Promise.all([selectMachine(asked, kernel, log), daemon])
  return choice
}

/** Sets up libvirt for guests of User-Mode Linux. Without it, what runs under it is not shown. */
export async function tryLibvirt(log: (line: string) => void): Promise<void> {
  await setUp(['libvirt'], log).catch((error: unknown) => {
    log(`setup: libvirt cannot be had, so migrations under it are not shown: ${messageOf(error).split('\n')[0]}`)
  })
}

/**
 * Sets up the machine kind that was asked for, and the kernel of its guests. `auto` selects native if CI runs as root with dm-thin,
 * else the first guest that boots. Without `kernel`, UML boots the newest kernel that boots here. Throws BrokenLab with everything
 * that is missing if none is usable.
 */
async function selectMachine(asked: MachineKind | 'auto', kernel: string | undefined, log: (line: string) => void): Promise<MachineChoice> {
  if (kernel !== undefined) refuseKernelFor(asked)
  if (asked === 'native') {
    await setUp(PARTS.native, log)
    const lacks = await lacksForNative({ load: true })
    if (lacks.length > 0)
      throw new BrokenLab(['Cannot run natively on this kernel. Missing:', ...lacks.map((item) => `  ${item}`)].join('\n'))
    return { kind: asked }
  }
  const say = (line: string) => log(`setup: ${line}`)
  const remembered = await recall()
  if (asked === 'qemu') {
    await setUp(PARTS.qemu, log)
    return { kind: asked }
  }
  if (asked === 'uml' || kernel !== undefined) {
    const choice = await bootableUml(kernel, remembered, log)
    // A kernel that was asked for once is not what the next run gets.
    if (kernel === undefined || kernel === 'newest') await remember(choice)
    return choice
  }
  if (prefersNative()) {
    await setUp(PARTS.native, log)
    if ((await lacksForNative({ load: true })).length === 0) return { kind: 'native' }
  }
  const boot = async (kind: GuestKind): Promise<MachineChoice> => {
    if (kind === 'uml') return bootableUml(undefined, remembered, log)
    await setUp(PARTS.qemu, log)
    const choice = { kind }
    await tryUnlessKnown(choice, remembered)
    return choice
  }
  const choice = await firstGuest(remembered?.kind, boot, say)
  await remember(choice)
  return choice
}

/** Throws UsageError if machines of this kind run on a kernel that cannot be chosen. */
export function refuseKernelFor(asked: MachineKind | 'auto'): void {
  if (asked === 'native' || asked === 'qemu')
    throw new UsageError(`--kernel chooses a kernel for User-Mode Linux, not for --machine ${asked}`)
}

/**
 * Sets up a machine for each kernel. One that is not to be had has its error in place of the machine. Throws UsageError if two names
 * mean the same kernel, and the errors if no kernel is to be had.
 */
export async function prepareKernels(
  asked: MachineKind | 'auto',
  kernels: readonly string[] | undefined,
  log: (line: string) => void,
): Promise<KernelChoice[]> {
  const choices: KernelChoice[] = []
  for (const wanted of kernels ?? [undefined]) {
    const machine = await prepareMachine(asked, wanted, log).catch((error: unknown) => {
      if (isLabFailure(error)) return error
      throw error
    })
    const known = machine instanceof Error ? wanted && (selectKernel(wanted)?.version ?? wanted) : machine.kernel
    choices.push({ kernel: known ?? asked, ...(wanted !== undefined && { asked: wanted }), machine })
  }
  refuseSameKernels(choices)
  throwIfAll(
    choices.flatMap(({ machine }) => (machine instanceof Error ? [machine] : [])),
    choices.length,
  )
  return choices
}

/** Throws UsageError if two names mean the same kernel. */
export function refuseSameKernels(choices: readonly Pick<KernelChoice, 'kernel' | 'asked'>[]): void {
  for (const [index, { kernel, asked }] of choices.entries()) {
    const earlier = choices.slice(0, index).find((some) => some.kernel === kernel)
    if (earlier !== undefined) throw new UsageError(`--kernel: ${earlier.asked} and ${asked} are both ${kernel}. Name each kernel once.`)
  }
}

/** Installs a kernel that UML can boot here. Without a wish the newest is tried first, then that of this system's distribution. */
async function bootableUml(
  wanted: string | undefined,
  remembered: Remembered | undefined,
  log: (line: string) => void,
): Promise<MachineChoice> {
  const boot = async (kernel: string): Promise<MachineChoice> => {
    // The kernel comes from another suite, so both downloads can go on at once.
    const [{ version }] = await Promise.all([bringKernel(kernel, log), setUp(PARTS.uml, log)])
    const choice = { kind: 'uml', kernel: version } as const
    await tryUnlessKnown(choice, remembered)
    return choice
  }
  if (wanted !== undefined) return boot(wanted)
  const known = remembered?.kernel
  if (known !== undefined && selectKernel(known) !== undefined) return boot(known)
  try {
    return await boot('newest')
  } catch (error) {
    const why = messageOf(error).split('\n')[0]
    log(`setup: the newest kernel cannot be used, so runs take twice as long; ${commandLine('setup --kernel newest')} tries again: ${why}`)
    return boot('distribution')
  }
}

/** Returns the first kind of guest that boots. Throws BrokenLab with the reason of each if none does. */
export async function firstGuest(
  remembered: GuestKind | undefined,
  boot: (kind: GuestKind) => Promise<MachineChoice>,
  log: (line: string) => void,
): Promise<MachineChoice> {
  const failures: string[] = []
  for (const kind of guestsInOrder(remembered)) {
    try {
      return await boot(kind)
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

/** Boots a guest that is not known to boot on this very system, and ends it. */
async function tryUnlessKnown({ kind, kernel }: MachineChoice, remembered: Remembered | undefined): Promise<void> {
  if (remembered?.bootedHere && remembered.kind === kind && remembered.kernel === kernel) return
  await tryBoot({ kind, ...(kernel !== undefined && { kernel }) })
}

/** Boots a guest and ends it. Nothing of it is left, even if the run is stopped meanwhile. Throws BrokenLab if it does not boot. */
export function tryBoot(choice: MachineChoice): Promise<void> {
  return holdingSignals(async () => {
    const folder = await makeRunFolder(GUEST_BYTES)
    try {
      for (const machine of await openMachines(choice, folder.path, 1)) await machine.close()
    } finally {
      await folder.remove()
    }
  })
}

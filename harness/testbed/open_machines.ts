import { availableParallelism } from 'node:os'
import { freestCores } from '../machine/cores.ts'
import { bootQemu } from '../machine/guest/qemu.ts'
import { bootUml } from '../machine/guest/uml.ts'
import type { Machine, MachineChoice } from '../machine/machine.ts'
import { openNative } from '../machine/native.ts'

/** The memory of a guest: enough for LVM, a helper and NFS, whose server runs out of 512 MiB with kernel 7.2. */
export const GUEST_MIB = 512

/** The most guests that a run boots: more than the cores would only get in each other's way. */
const MOST_GUESTS = 4

export function guestCount(useful: number): number {
  return Math.max(1, Math.min(availableParallelism(), MOST_GUESTS, useful))
}

/** Opens the machines of a run. When one cannot be opened, those that were are closed again. */
export async function openMachines(
  { kind, kernel }: MachineChoice,
  shared: string,
  count: number,
  memoryMiB = GUEST_MIB,
): Promise<Machine[]> {
  if (kind === 'native') return [openNative('native', shared)]
  const boot = kind === 'qemu' ? bootQemu : bootUml
  // The processes of a UML guest wait for one another all the time: on one core they take half the time that they take on two.
  const cores = await freestCores()
  const pinned = cores.length >= count
  const opened = await Promise.allSettled(
    Array.from({ length: count }, (_, index) => {
      const core = cores[index]
      return boot(`${kind}${index + 1}`, {
        shared,
        memoryMiB,
        ...(kernel !== undefined && { kernel }),
        ...(pinned && core !== undefined && { core }),
      })
    }),
  )
  const failed = opened.find((result) => result.status === 'rejected')
  if (failed === undefined) return opened.flatMap((result) => (result.status === 'fulfilled' ? result.value : []))
  for (const result of opened) if (result.status === 'fulfilled') await result.value.close()
  throw failed.reason
}

import type { MachineKind } from '../../harness/machine/machine.ts'
import { callOf } from '../../harness/paths.ts'

/** The command that repeats a cell or a world of verify. */
export function repeatVerify(
  id: string,
  { machine, seed, brokenRule }: { readonly machine: MachineKind; readonly seed: number; readonly brokenRule: string | undefined },
): string {
  const broken = brokenRule === undefined ? [] : ['--break', brokenRule]
  return callOf(['verify', '--machine', machine, '--only', id, '--seed', seed, ...broken].join(' '))
}

import type { MachineKind } from '../../../harness/machine/machine.ts'
import { commandLine } from '../../../harness/paths.ts'

/** The command line that repeats a cell or a copy of verify. */
export function repeatVerify(
  id: string,
  { machine, seed, brokenRule }: { readonly machine: MachineKind; readonly seed: number; readonly brokenRule: string | undefined },
): string {
  const broken = brokenRule === undefined ? [] : ['--break', brokenRule]
  return commandLine(['verify', '--machine', machine, '--only', id, '--seed', seed, ...broken].join(' '))
}

import type { MachineKind } from '../../harness/machine/machine.ts'
import { asCalled } from './command.ts'

/** The command that repeats a cell or a world of scripts/verify. */
export function repeatVerify(
  id: string,
  { machine, seed, brokenRule }: { readonly machine: MachineKind; readonly seed: number; readonly brokenRule: string | undefined },
): string {
  const broken = brokenRule === undefined ? [] : ['--break', brokenRule]
  return asCalled(['scripts/verify', '--machine', machine, '--only', id, '--seed', seed, ...broken].join(' '))
}

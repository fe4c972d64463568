import { commandLine } from '../../../harness/paths.ts'

/** The command line that repeats a cell or a copy of verify. */
export function repeatVerify(
  id: string,
  { machine, seed, brokenRule }: { readonly machine: readonly string[]; readonly seed: number; readonly brokenRule: string | undefined },
): string {
  const broken = brokenRule === undefined ? [] : ['--break', brokenRule]
  return commandLine(['verify', ...machine, '--only', id, '--seed', seed, ...broken].join(' '))
}

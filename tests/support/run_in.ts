import type { Finished } from '../../harness/machine/machine.ts'
import { startHere } from '../../harness/machine/native.ts'
import { runToEnd } from '../../harness/machine/run_to_end.ts'

const MOST_SECONDS = 240

/** Runs a command in a folder as its user would; `undefined` takes a variable away. */
export function runIn(folder: string, argv: readonly string[], env: Readonly<Record<string, string | undefined>> = {}): Promise<Finished> {
  const variables = Object.entries(env)
  const without = variables.flatMap(([name, value]) => (value === undefined ? ['-u', name] : []))
  const having = variables.flatMap(([name, value]) => (value === undefined ? [] : `${name}=${value}`))
  return runToEnd(argv, async () => startHere(['env', '-C', folder, ...without, ...having, ...argv], {}), { timeoutSeconds: MOST_SECONDS })
}

import { type KernelRun, type Kernels, kernelOutcomeOf } from '../../result/kernels.ts'
import type { RunOutcome } from '../../result/run_outcome.ts'
import { noun, plural } from '../../units.ts'
import { type Failure, failuresOf } from './failures.ts'

/** A failure, and the kernels on which it is the same. */
export interface SharedFailure extends Failure {
  readonly kernels: readonly string[]
}

/** All that the reports of a run on several kernels show. */
export interface KernelsReport {
  readonly kernels: Kernels
  readonly failures: readonly SharedFailure[]
  readonly status: RunOutcome['status']
}

/** The failures of all kernels, in the order of the kernels. One that is the same on several is there once. */
export function sharedFailures(runs: readonly KernelRun[], strict: boolean): SharedFailure[] {
  const shared = new Map<string, SharedFailure>()
  for (const run of runs)
    for (const failure of failuresOf(run.result, kernelOutcomeOf(run, strict))) {
      const key = JSON.stringify([failure.id, failure.verdict, failure.why])
      const { kernels, ...first } = shared.get(key) ?? { ...failure, kernels: [] }
      shared.set(key, { ...first, kernels: [...kernels, run.kernel] })
    }
  return [...shared.values()]
}

/** The word for the whole run: its verdict, unless nothing is refuted and the kernels differ. */
export function kernelsWord({ verdict, differences }: Kernels): Kernels['verdict'] | 'different' {
  return differences.length > 0 && verdict !== 'refuted' ? 'different' : verdict
}

/** "81 cells and copies on 3 kernels; 81 compared, 0 differences" */
export function kernelsSummary({ kernels, compared, differences }: Kernels): string {
  const each = Math.max(...kernels.map(({ counts }) => counts.upheld + counts.refuted + counts['not-shown'] + counts.broken))
  const what = `${plural(each, 'cell or copy', 'cells and copies')} on ${plural(kernels.length, 'kernel')}`
  const ids = new Set(differences.map(({ id }) => id)).size
  const where = ids === 0 ? '' : ` in ${ids}`
  return `${what}; ${compared} compared, ${differences.length} ${noun(differences.length, 'difference')}${where}`
}

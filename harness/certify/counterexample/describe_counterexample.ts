import type { Counterexample } from '../../result/certificate.ts'
import { describeCase } from '../checks/cases.ts'
import { scriptOf } from './script.ts'
import type { Shown } from './smallest.ts'

/** A driver's counterexample as reports show it, with a script that shows it without holeproof; `index` tells its file's name apart. */
export function describeCounterexample(driver: string, { case: shown, stale, recording }: Shown, index: number): Counterexample {
  const { verification, actualBytes } = stale
  const [first] = verification.differences
  if (first === undefined) throw new Error('a counterexample without a wrong byte')
  const what = describeCase(shown)
  return {
    what,
    sizeBytes: shown.sizeBytes,
    actualBytes,
    writes: shown.writes.map(({ offset, length }) => ({ offset, length })),
    wrongBytes: verification.wrongBytes,
    first,
    file: `${driver.replace(/[^A-Za-z0-9._-]/g, '-')}-${index + 1}.sh`,
    script: scriptOf({ driver, shows: what }, recording),
  }
}

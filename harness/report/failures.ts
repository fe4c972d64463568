import type { CellResult } from '../result/cell.ts'
import type { CopyResult } from '../result/copy.ts'
import type { Result } from '../result/result.ts'
import { runOutcomeOf } from '../result/run_outcome.ts'
import { reportableChecks } from './reportable_checks.ts'

/** What failed, for whoever must act on it. */
export interface Failure {
  /** A cell's or a copy's id, or a driver and its check. */
  readonly id: string
  readonly verdict: 'refuted' | 'broken'
  /** What was seen, one line or more for each failed check. */
  readonly why: readonly string[]
  /** The command that repeats it; empty for what was left behind, and for the run as a whole. */
  readonly repeat: string
}

/** All that failed in a run: refutations first, then what broke, then what was left behind, then what fails the run as a whole. */
export function failuresOf(result: Result, { status: says, why } = runOutcomeOf(result)): Failure[] {
  const { cells, copies, certificates, leaks } = result
  const all = [
    ...[...cells, ...copies].flatMap(failureOf),
    ...certificates.flatMap((certificate) =>
      reportableChecks(certificate).flatMap(({ id, verdict, text, repeat }): Failure[] =>
        verdict === 'refuted' || verdict === 'broken' ? [{ id: `${certificate.driver} ${id}`, verdict, why: [text], repeat }] : [],
      ),
    ),
  ]
  const left: Failure[] = leaks.length === 0 ? [] : [{ id: 'left behind', verdict: 'broken', why: leaks, repeat: '' }]
  const asWhole: Failure[] = why.length === 0 || says === 'upheld' ? [] : [{ id: 'the run as a whole', verdict: says, why, repeat: '' }]
  const of = (wanted: Failure['verdict']) => all.filter(({ verdict }) => verdict === wanted)
  return [...of('refuted'), ...of('broken'), ...left, ...asWhole]
}

function failureOf({ id, verdict, findings, reason, repeat }: CellResult | CopyResult): Failure[] {
  if (verdict !== 'refuted' && verdict !== 'broken') return []
  const failed = findings.filter(({ ok }) => !ok).map(({ check, text }) => `${check}: ${text}`)
  return [{ id, verdict, why: [...failed, ...(reason === undefined ? [] : [reason])], repeat }]
}

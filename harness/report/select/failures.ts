import type { CellResult } from '../../result/cell.ts'
import type { Certificate, CheckResult } from '../../result/certificate.ts'
import type { CopyResult } from '../../result/copy.ts'
import { describeFailed } from '../../result/describe.ts'
import type { Result } from '../../result/result.ts'
import { runOutcomeOf } from '../../result/run_outcome.ts'
import { unusualTransport } from './words.ts'

/** A failure, with all that a reader needs to act on it. */
export interface Failure {
  /** A cell's or a copy's id, or a driver and its check. */
  readonly id: string
  readonly verdict: 'refuted' | 'broken'
  /** The observations, one line or more for each failed check. */
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

function failureOf(result: CellResult | CopyResult): Failure[] {
  const { id, verdict, findings, reason, repeat } = result
  if (verdict !== 'refuted' && verdict !== 'broken') return []
  const why = [...describeFailed(findings), ...(reason === undefined ? [] : [reason]), ...unusualTransport(result)]
  return [{ id, verdict, why, repeat }]
}

/** The checks of a driver that a report lists. A driver that was never begun has one, which says why. */
export function reportableChecks(
  certificate: Certificate,
): readonly Pick<CheckResult, 'id' | 'verdict' | 'text' | 'repeat' | 'seconds' | 'trace'>[] {
  const { checks, verdict, reason = '', repeat, seconds } = certificate
  return checks.length > 0 ? checks : [{ id: 'certified', verdict, text: reason, repeat, seconds }]
}

import { LEFT_OUT } from './certificate.ts'
import type { Comparison } from './compare.ts'
import type { Result } from './result.ts'

/** The way a run ends, which decides its exit code. */
export interface RunOutcome {
  readonly status: 'upheld' | 'refuted' | 'broken'
  /** The reasons that fail the run as a whole, beyond any cell, check or leak. */
  readonly why: readonly string[]
}

export interface RunOutcomeOptions {
  /** True if a not-shown result fails the run. */
  readonly strict?: boolean
  /** The comparison with an earlier run; a worse run fails. */
  readonly comparison?: Comparison | undefined
}

/**
 * Judges how a run ends. A stopped run shows nothing but its refutations, whatever its first cells gave. A run with missing parts is
 * not upheld.
 */
export function runOutcomeOf(result: Result, { strict = false, comparison }: RunOutcomeOptions = {}): RunOutcome {
  const { verdict, counts, stopped, merged } = result
  const why = [
    ...(stopped ? ['it was stopped before its end'] : []),
    ...(merged !== undefined && merged.missing.length > 0 ? [sayMissing(merged.missing)] : []),
    ...(verdict === 'not-shown' && !stopped ? whyNotShown(counts, result, strict) : []),
    ...(comparison?.worse ? [`it is worse than before: ${comparison.worseBy.join(', ')}`] : []),
  ]
  if (verdict === 'refuted') return { status: 'refuted', why }
  if (verdict === 'broken' || stopped) return { status: 'broken', why }
  return { status: why.length > 0 ? 'refuted' : 'upheld', why }
}

const MOST_NAMED = 5

function sayMissing(missing: readonly string[]): string {
  const more = missing.length - MOST_NAMED
  return `no result holds ${missing.slice(0, MOST_NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}

function whyNotShown(counts: Result['counts'], result: Result, strict: boolean): string[] {
  if (strict) return [`${counts['not-shown']} could not be shown, which fails a strict run`]
  return counts.upheld > 0 || shownAsAsked(result) ? [] : ['nothing could be shown']
}

/** A run of selected checks succeeds if those are upheld, although they certify nothing. */
function shownAsAsked({ certificates }: Result): boolean {
  const checks = certificates.flatMap((certificate) => certificate.checks)
  return checks.length > 0 && checks.every(({ verdict, text }) => verdict === 'upheld' || verdict === 'not-offered' || text === LEFT_OUT)
}

import { LEFT_OUT } from './certificate.ts'
import type { Comparison } from './compare.ts'
import type { Result } from './result.ts'

/** How a run ends: what its exit code says. */
export interface RunOutcome {
  readonly status: 'upheld' | 'refuted' | 'broken'
  /** What fails the run as a whole, which no cell, check or leak tells. */
  readonly why: readonly string[]
}

export interface RunOutcomeOptions {
  /** Whether what is not shown fails the run. */
  readonly strict?: boolean
  /** With an earlier run: what is worse fails the run. */
  readonly comparison?: Comparison | undefined
}

/**
 * A run that was stopped has shown nothing, whatever its first cells said; only a refutation stands. Nor is one upheld that lacks a
 * part.
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
  if (strict) return [`${counts['not-shown']} could not be shown, and a strict run holds that against it`]
  return counts.upheld > 0 || shownAsAsked(result) ? [] : ['nothing could be shown']
}

/** Whoever asks for some checks learns of those, although they certify nothing. */
function shownAsAsked({ certificates }: Result): boolean {
  const checks = certificates.flatMap((certificate) => certificate.checks)
  return checks.length > 0 && checks.every(({ verdict, text }) => verdict === 'upheld' || verdict === 'not-offered' || text === LEFT_OUT)
}

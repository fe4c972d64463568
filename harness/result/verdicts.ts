import type { CellResult } from './cell.ts'
import type { Certificate, CheckResult } from './certificate.ts'
import type { Verdict } from './finding.ts'
import type { Result } from './result.ts'

/** What a run's counts and verdict follow from. */
export type ResultParts = Omit<Result, 'schema' | 'counts' | 'verdict'>

/** A result with the counts and the verdict that follow from its parts. */
export function resultOf(parts: ResultParts): Result {
  const counts = countVerdicts([...parts.cells, ...parts.copies, ...parts.certificates])
  return { schema: 'holeproof-result-2', ...parts, counts, verdict: overallVerdict(counts, parts) }
}

/** The result of a run that ends now, and was stopped where its signal was given. */
export function endedResult(parts: Omit<ResultParts, 'startedAt' | 'seconds' | 'stopped'>, startedAt: Date, signal: AbortSignal): Result {
  return resultOf({
    startedAt: startedAt.toISOString(),
    seconds: (Date.now() - startedAt.getTime()) / 1000,
    ...parts,
    ...(signal.aborted && { stopped: true }),
  })
}

/**
 * Of the cells that were not as the model predicted, the first for each check: what is wrong with one is likely to be wrong with
 * all.
 */
export function firstDisagreements(cells: readonly CellResult[]): CellResult[] {
  const known = new Set<string>()
  return cells.filter(({ findings }) => {
    const failed = findings.find(({ check, ok }) => !ok && check.startsWith('model/'))
    if (failed === undefined || known.has(failed.check)) return false
    known.add(failed.check)
    return true
  })
}

/** The certificate of a driver that nobody came to. */
export function notShownDriver(driver: string, kind: Certificate['kind'], reason: string, repeat: string): Certificate {
  return {
    driver,
    kind,
    claim: false,
    claimReason: 'nobody asked it',
    verdict: 'not-shown',
    reason,
    checks: [],
    counterexamples: [],
    machine: '',
    repeat,
    seconds: 0,
  }
}

/**
 * A driver's verdict: a refutation stands whatever else failed. What the driver does not offer it is not held to; a check that
 * could not run leaves the driver not shown.
 */
export function certificateVerdict(checks: readonly Pick<CheckResult, 'verdict'>[]): Verdict {
  const has = (verdict: CheckResult['verdict']) => checks.some((check) => check.verdict === verdict)
  if (has('refuted')) return 'refuted'
  if (has('broken')) return 'broken'
  return has('not-shown') || !has('upheld') ? 'not-shown' : 'upheld'
}

export function countVerdicts(cells: readonly { verdict: Verdict }[]): Result['counts'] {
  const counts = { upheld: 0, refuted: 0, 'not-shown': 0, broken: 0 }
  for (const { verdict } of cells) counts[verdict]++
  return counts
}

/**
 * The run's verdict: a refutation stands whatever else failed, a leak is a broken lab, and one cell not shown is enough. Nor has a
 * run shown what it was to show that was stopped.
 */
export function overallVerdict(counts: Result['counts'], { leaks, stopped }: Partial<Pick<Result, 'leaks' | 'stopped'>> = {}): Verdict {
  if (counts.refuted > 0) return 'refuted'
  if (counts.broken > 0 || (leaks !== undefined && leaks.length > 0)) return 'broken'
  return stopped || counts['not-shown'] > 0 || counts.upheld === 0 ? 'not-shown' : 'upheld'
}

import type { CellResult } from './cell.ts'
import type { Certificate, CheckResult } from './certificate.ts'
import type { Verdict } from './finding.ts'
import type { Result } from './result.ts'

/** The parts of a result from which its counts and its verdict follow. */
export type ResultParts = Omit<Result, 'schema' | 'counts' | 'verdict'>

/** Adds the counts and the verdict to the parts of a result. */
export function resultOf(parts: ResultParts): Result {
  const counts = countVerdicts([...parts.cells, ...parts.copies, ...parts.certificates])
  return { schema: 'holeproof-result-2', ...parts, counts, verdict: overallVerdict(counts, parts) }
}

/** The result of a run that ends now. An aborted signal marks it as stopped. */
export function endedResult(parts: Omit<ResultParts, 'startedAt' | 'seconds' | 'stopped'>, startedAt: Date, signal: AbortSignal): Result {
  return resultOf({
    startedAt: startedAt.toISOString(),
    seconds: (Date.now() - startedAt.getTime()) / 1000,
    ...parts,
    ...(signal.aborted && { stopped: true }),
  })
}

/**
 * The first cell for each check of the model that failed. Cells that fail the same check are likely to have the same cause.
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

/** The certificate of a driver that the run did not reach. */
export function notShownDriver(driver: string, kind: Certificate['kind'], reason: string, repeat: string): Certificate {
  return {
    driver,
    kind,
    claim: false,
    claimReason: 'it was not asked',
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
 * A driver's verdict. A refutation stands whatever else failed. A verb that the driver does not offer does not count against it. A
 * check that could not run leaves the driver not-shown.
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
 * A run's verdict. A refutation stands whatever else failed. A leak is a broken lab. One not-shown result makes the run not-shown,
 * and so does stopping it.
 */
export function overallVerdict(counts: Result['counts'], { leaks, stopped }: Partial<Pick<Result, 'leaks' | 'stopped'>> = {}): Verdict {
  if (counts.refuted > 0) return 'refuted'
  if (counts.broken > 0 || (leaks !== undefined && leaks.length > 0)) return 'broken'
  return stopped || counts['not-shown'] > 0 || counts.upheld === 0 ? 'not-shown' : 'upheld'
}

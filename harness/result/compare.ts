import { type CheckResult, LEFT_OUT } from './certificate.ts'
import type { Result } from './result.ts'

type Verdict = CheckResult['verdict']

/** What became of a cell, a copy or a driver's check between two runs. */
export interface Change {
  readonly id: string
  /** Absent where it was not there. */
  readonly before?: Verdict
  readonly after?: Verdict
  /** What was seen, or why nothing was, in the later run; in the earlier one where it is gone. */
  readonly text: string
  readonly repeat: string
}

export const changeKinds = [
  'new-failure',
  'no-longer-shown',
  'still-failing',
  'failure-not-shown',
  'fixed',
  'now-shown',
  'new',
  'gone',
] as const
export type ChangeKind = (typeof changeKinds)[number]

/** Something that took longer than the rest of the run explains. */
export interface Slower {
  readonly id: string
  readonly beforeSeconds: number
  readonly afterSeconds: number
}

/** The times of two runs, or why they say nothing of each other. */
export type Timing =
  | {
      readonly kind: 'compared'
      /** How many times as long the later run took for the same, in the middle; absent where too little is in both to tell. */
      readonly overall?: number
      /** How many times as long something may take, beside the overall ratio: the asked ratio, or what the noise of these runs is. */
      readonly limit: number
      readonly floorSeconds: number
      readonly slower: readonly Slower[]
    }
  | { readonly kind: 'not-compared'; readonly why: string }

type Side = Pick<Result, 'version' | 'startedAt' | 'seed' | 'seconds' | 'verdict' | 'counts'>

/** What became of a run's cells, copies and checks since an earlier run. */
export interface Comparison {
  readonly schema: 'holeproof-comparison-1'
  readonly before: Side
  readonly after: Side
  readonly worse: boolean
  /** What makes it worse, in words. */
  readonly worseBy: readonly string[]
  readonly changes: Readonly<Record<ChangeKind, readonly Change[]>>
  readonly unchanged: number
  readonly newLeaks: readonly string[]
  readonly timing: Timing
}

/** What counts as slower, and as worse. */
export interface ComparisonLimits {
  readonly ratio: number
  readonly floorSeconds: number
  /** Slower, or gone, is worse. */
  readonly slowerIsWorse?: boolean
  readonly goneIsWorse?: boolean
}

export const COMPARISON_LIMITS: ComparisonLimits = { ratio: 2, floorSeconds: 2 }

/** Fewer than these in common say nothing of how fast the two machines are, and how noisy. */
const LEAST_COMMON = 5
/** Of a normal distribution, the standard deviation for each median absolute deviation. */
const DEVIATIONS = 1.4826
/** How many standard deviations are noise. */
const NOISE = 3

interface Unit {
  readonly id: string
  readonly verdict: Verdict
  readonly text: string
  readonly repeat: string
  readonly seconds: number
}

/** Compares a run with an earlier one, by the ids of cells, copies and checks. */
export function compareResults(before: Result, after: Result, limits: ComparisonLimits): Comparison {
  const sameSeed = before.seed === after.seed
  const earlier = new Map(unitsOf(before, after, sameSeed).map((unit) => [unit.id, unit]))
  const later = new Map(unitsOf(after, before, sameSeed).map((unit) => [unit.id, unit]))
  const changes: Record<ChangeKind, Change[]> = {
    'new-failure': [],
    'no-longer-shown': [],
    'still-failing': [],
    'failure-not-shown': [],
    fixed: [],
    'now-shown': [],
    new: [],
    gone: [],
  }
  let unchanged = 0
  for (const id of new Set([...later.keys(), ...earlier.keys()])) {
    const [was, is] = [earlier.get(id), later.get(id)]
    const kind = kindOf(was?.verdict, is?.verdict)
    if (kind === undefined) unchanged++
    else changes[kind].push(changeOf(id, was, is))
  }
  const newLeaks = after.leaks.filter((leak) => !before.leaks.includes(leak))
  const timing = compareTimes(before, after, earlier, later, limits)
  const worsened: [number, string][] = [
    [changes['new-failure'].length, 'new failures'],
    [changes['no-longer-shown'].length, 'no longer shown'],
    [newLeaks.length, 'newly left behind'],
    [limits.goneIsWorse ? changes.gone.length : 0, 'gone'],
    [limits.slowerIsWorse && timing.kind === 'compared' ? timing.slower.length : 0, 'slower'],
  ]
  const worseBy = worsened.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`)
  return {
    schema: 'holeproof-comparison-1',
    before: sideOf(before),
    after: sideOf(after),
    worse: worseBy.length > 0,
    worseBy,
    changes,
    unchanged,
    newLeaks,
    timing,
  }
}

/**
 * What a run showed one by one. Copies of failed cells tell of those cells again; random copies are others with another seed. A
 * driver that was not even begun was not shown to pass the checks that the other run has of it.
 */
function unitsOf({ cells, copies, certificates }: Result, other: Result, withRandom: boolean): Unit[] {
  const units = [...cells, ...copies.filter(({ id }) => !id.startsWith('copy/') && (withRandom || !id.startsWith('random/')))]
  return [
    ...units.map(({ id, verdict, findings, reason = '', repeat, seconds }) => {
      const failed = findings.filter(({ ok }) => !ok).map(({ check, text }) => `${check}: ${text}`)
      return { id, verdict, text: failed.length === 0 ? reason : failed.join('; '), repeat, seconds }
    }),
    ...certificates.flatMap(({ driver, checks, verdict, reason = '' }) => {
      const known = checks.length > 0 ? checks : checksOf(other, driver).map((check) => ({ ...check, verdict, text: reason, seconds: 0 }))
      return known.filter(({ text }) => text !== LEFT_OUT).map((check) => ({ ...check, id: `${driver} ${check.id}` }))
    }),
  ]
}

function checksOf({ certificates }: Result, name: string): readonly CheckResult[] {
  return certificates.find(({ driver }) => driver === name)?.checks ?? []
}

/** Undefined where nothing changed that is worth telling. */
function kindOf(before: Verdict | undefined, after: Verdict | undefined): ChangeKind | undefined {
  if (after === undefined) return 'gone'
  const failed = before === 'refuted' || before === 'broken'
  if (after === 'refuted' || after === 'broken') {
    // A broken lab has said nothing of the rule; a refutation does.
    return failed && !(before === 'broken' && after === 'refuted') ? 'still-failing' : 'new-failure'
  }
  if (before === undefined) return 'new'
  if (after === 'upheld') return failed ? 'fixed' : before === 'upheld' ? undefined : 'now-shown'
  if (failed) return 'failure-not-shown'
  return before === 'upheld' ? 'no-longer-shown' : undefined
}

function changeOf(id: string, was: Unit | undefined, is: Unit | undefined): Change {
  const { text = '', repeat = '' } = is ?? was ?? {}
  return { id, ...(was && { before: was.verdict }), ...(is && { after: is.verdict }), text, repeat }
}

/**
 * Something is slower when it took longer than before times the overall ratio, by the limit's ratio and by its seconds. The overall
 * ratio is the median of all: another machine, or a busy one, slows everything. Where the ratios scatter by more than the limit's
 * ratio, what lies within three deviations of them is noise.
 */
function compareTimes(
  before: Result,
  after: Result,
  earlier: ReadonlyMap<string, Unit>,
  later: ReadonlyMap<string, Unit>,
  { ratio, floorSeconds }: ComparisonLimits,
): Timing {
  const [one, other] = [before, after].map(({ machines }) => [...new Set(machines.map(({ kind }) => kind))].toSorted().join(' and '))
  if (one !== other) return { kind: 'not-compared', why: `the machines are of different kinds: ${one || 'none'}, then ${other || 'none'}` }
  const both = [...later.values()].flatMap(({ id, verdict, seconds }) => {
    const was = earlier.get(id)
    const shown = verdict === 'upheld' && was?.verdict === 'upheld' && was.seconds > 0 && seconds > 0
    return shown ? [{ id, beforeSeconds: was.seconds, afterSeconds: seconds }] : []
  })
  if (both.length === 0) return { kind: 'not-compared', why: 'nothing was upheld in both' }
  const logs = both.map(({ beforeSeconds, afterSeconds }) => Math.log(afterSeconds / beforeSeconds))
  const enough = both.length >= LEAST_COMMON
  const middle = enough ? median(logs) : 0
  const deviation = enough ? DEVIATIONS * median(logs.map((log) => Math.abs(log - middle))) : 0
  const limit = Math.max(ratio, Math.exp(NOISE * deviation))
  const slower = both.filter(({ beforeSeconds, afterSeconds }) => {
    const expected = beforeSeconds * Math.exp(middle)
    return afterSeconds > expected * limit && afterSeconds - expected > floorSeconds
  })
  return { kind: 'compared', ...(enough && { overall: Math.exp(middle) }), limit, floorSeconds, slower }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other)
  const middle = sorted.length / 2
  return ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle) - 1] ?? 0)) / 2
}

function sideOf({ version, startedAt, seed, seconds, verdict, counts }: Result): Side {
  return { version, startedAt, seed, seconds, verdict, counts }
}

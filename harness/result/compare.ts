import { noun } from '../units.ts'
import { type CheckResult, LEFT_OUT } from './certificate.ts'
import { describeFailed } from './describe.ts'
import { median } from './median.ts'
import type { Result } from './result.ts'

type Verdict = CheckResult['verdict']

/** A change of a cell, a copy or a driver's check between two runs. */
export interface Change {
  readonly id: string
  /** Absent if the earlier run did not have it; likewise `after`. */
  readonly before?: Verdict
  readonly after?: Verdict
  /** The failures, or the reason why there is no result, in the later run; in the earlier one if it is gone. */
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

/** A cell, copy or check that became slower than the run as a whole explains. */
export interface Slower {
  readonly id: string
  readonly beforeSeconds: number
  readonly afterSeconds: number
}

/** The comparison of two runs' times, or the reason why they cannot be compared. */
export type Timing =
  | {
      readonly kind: 'compared'
      /** The median ratio of the later time to the earlier one; absent if the runs have too little in common. */
      readonly overall?: number
      /** The ratio, on top of the overall one, that is not slower: the requested ratio, or the noise of these runs if it is larger. */
      readonly limit: number
      readonly floorSeconds: number
      readonly slower: readonly Slower[]
    }
  | { readonly kind: 'not-compared'; readonly why: string }

/** A program, or the kernel, that is another one in the later run. */
export interface VersionChange {
  readonly program: string
  /** What it says of its version; absent if the earlier run did not have it. Several machines' are joined. Likewise `after`. */
  readonly before?: string
  readonly after?: string
}

type Side = Pick<Result, 'version' | 'startedAt' | 'seed' | 'seconds' | 'verdict' | 'counts'>

/** The changes of a run's cells, copies and checks since an earlier run. */
export interface Comparison {
  readonly schema: 'holeproof-comparison-1'
  readonly before: Side
  readonly after: Side
  readonly worse: boolean
  /** Describes each thing that makes it worse. */
  readonly worseBy: readonly string[]
  readonly changes: Readonly<Record<ChangeKind, readonly Change[]>>
  readonly unchanged: number
  readonly newLeaks: readonly string[]
  readonly versions: readonly VersionChange[]
  readonly timing: Timing
}

/** The limits beyond which a run counts as slower or worse. */
export interface ComparisonLimits {
  readonly ratio: number
  readonly floorSeconds: number
  /** True if something slower makes the run worse; likewise `goneIsWorse`. */
  readonly slowerIsWorse?: boolean
  readonly goneIsWorse?: boolean
}

export const COMPARISON_LIMITS: ComparisonLimits = { ratio: 2, floorSeconds: 2 }

/** With fewer in common, the speed and the noise of the two machines cannot be estimated. */
const LEAST_COMMON = 5
/** The standard deviation of a normal distribution, in median absolute deviations. */
const DEVIATIONS = 1.4826
/** A difference within so many standard deviations is noise. */
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
    [changes['new-failure'].length, noun(changes['new-failure'].length, 'new failure')],
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
    versions: compareVersions(before, after),
    timing,
  }
}

function compareVersions(before: Result, after: Result): VersionChange[] {
  const [was, is] = [versionsOf(before), versionsOf(after)]
  return [...new Set([...was.keys(), ...is.keys()])].toSorted().flatMap((program) => {
    const [before, after] = [was.get(program), is.get(program)]
    return before === after ? [] : [{ program, ...(before !== undefined && { before }), ...(after !== undefined && { after }) }]
  })
}

/** By the name of each program, what the machines say of its version. */
function versionsOf({ machines }: Result): Map<string, string> {
  const said = machines.flatMap(({ kernel, tools = {} }) => [['kernel', kernel] as const, ...Object.entries(tools)])
  const programs = new Set(said.map(([program]) => program))
  return new Map(
    [...programs].map((program) => {
      const versions = said.filter(([name]) => name === program).map(([, version]) => version)
      return [program, [...new Set(versions)].toSorted().join(' and ')]
    }),
  )
}

/**
 * Lists the results to compare. It leaves out copies of failed cells, which repeat those cells, and random copies if the seeds
 * differ. A driver that never started gets the checks that the other run has of it, each with the driver's verdict.
 */
function unitsOf({ cells, copies, certificates }: Result, other: Result, withRandom: boolean): Unit[] {
  const units = [...cells, ...copies.filter(({ id }) => !id.startsWith('copy/') && (withRandom || !id.startsWith('random/')))]
  return [
    ...units.map(({ id, verdict, findings, reason = '', repeat, seconds }) => {
      const failed = describeFailed(findings)
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

/** Undefined if nothing worth reporting changed. */
function kindOf(before: Verdict | undefined, after: Verdict | undefined): ChangeKind | undefined {
  if (after === undefined) return 'gone'
  const failed = before === 'refuted' || before === 'broken'
  if (after === 'refuted' || after === 'broken') {
    // A broken lab says nothing about the rule, so a refutation after it is new.
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
 * A result is slower if its time exceeds the expected one by the ratio and by the seconds of the limits. The expected time is the
 * earlier one times the median ratio of all, because another machine, or a busy one, slows everything. If the ratios scatter by more
 * than the limit, a difference within three deviations is noise.
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

function sideOf({ version, startedAt, seed, seconds, verdict, counts }: Result): Side {
  return { version, startedAt, seed, seconds, verdict, counts }
}

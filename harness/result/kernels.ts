import { z } from 'zod'
import { verdictSchema } from './finding.ts'
import { type Observation, observationsOf } from './kernel_evidence.ts'
import { type Result, resultSchema } from './result.ts'
import { type RunOutcome, runOutcomeOf } from './run_outcome.ts'
import { list, object, seconds } from './schema.ts'
import { countVerdicts, overallVerdict } from './verdicts.ts'

const kernelName = z.string().describe('the version of a kernel, as uname prints it; as it was asked for if it was not installed')
const kernelSchema = object({
  kernel: kernelName,
  folder: z.string().describe('the folder with the result and its reports, below that of this file'),
  verdict: verdictSchema,
  counts: resultSchema.shape.counts,
  seconds,
  lacks: z.string().optional().describe('why the kernel did not run; all of its cells and copies are then not-shown'),
})
const differenceSchema = object({
  id: z.string().describe('the id of a cell or a copy'),
  field: z.string(),
  values: list(object({ value: z.string(), kernels: list(kernelName) })).describe('each value, and the kernels that have it'),
})
export type KernelDifference = z.infer<typeof differenceSchema>

/** The shape that all reports of a run on several kernels are made from. */
export const kernelsSchema = z.object({
  schema: z.literal('holeproof-kernels-1'),
  version: z.string(),
  startedAt: z.iso.datetime(),
  seconds,
  seed: z.number().int(),
  brokenRule: z.string().optional().describe('the name of the rule that was broken on purpose'),
  kernels: list(kernelSchema).describe('in the order in which they ran'),
  compared: z.number().int().nonnegative().describe('the number of cells and copies that two or more kernels showed'),
  notCompared: list(
    object({ kernel: kernelName, verdict: z.enum(['not-shown', 'broken']), reason: z.string(), ids: list(z.string()) }),
  ).describe('the cells and copies of which a kernel showed nothing'),
  differences: list(differenceSchema).describe('every value that should be the same on all kernels and is not'),
  counts: resultSchema.shape.counts.describe('of all kernels together'),
  verdict: verdictSchema.describe('over all kernels; a difference between them does not change it'),
})
export type Kernels = Readonly<z.infer<typeof kernelsSchema>>

/** The run on one of several kernels. */
export interface KernelRun {
  readonly kernel: string
  readonly result: Result
  /** Why the kernel could not be booted or used. Its result is then not-shown. */
  readonly lacks?: string
}

/** Compares runs that had the same seed on several kernels, by the ids of cells and copies. */
export function compareKernels(runs: readonly KernelRun[], folderOf: (kernel: string) => string): Kernels {
  const [first] = runs
  if (first === undefined) throw new Error('there are no kernels to compare')
  const { version, startedAt, seed, brokenRule } = first.result
  const shown = runs.map(({ kernel, result }) => ({
    kernel,
    units: new Map(
      unitsOf(result)
        .filter(isShown)
        .map((unit) => [unit.id, unit]),
    ),
  }))
  const ids = [...new Set(runs.flatMap(({ result }) => unitsOf(result).map(({ id }) => id)))]
  const common = ids.filter((id) => shown.filter(({ units }) => units.has(id)).length > 1)
  const counts = countVerdicts(runs.flatMap(({ result: { cells, copies } }) => [...cells, ...copies]))
  return {
    schema: 'holeproof-kernels-1',
    version,
    startedAt,
    seconds: runs.reduce((sum, { result }) => sum + result.seconds, 0),
    seed,
    ...(brokenRule !== undefined && { brokenRule }),
    kernels: runs.map(({ kernel, result: { verdict, counts, seconds }, lacks }) => ({
      kernel,
      folder: folderOf(kernel),
      verdict,
      counts,
      seconds,
      ...(lacks !== undefined && { lacks }),
    })),
    compared: common.length,
    notCompared: runs.flatMap(notComparedOf),
    differences: common.flatMap((id) =>
      differencesOf(
        id,
        shown.flatMap(({ kernel, units }) => {
          const unit = units.get(id)
          return unit === undefined ? [] : [{ kernel, observed: observationsOf(unit) }]
        }),
      ),
    ),
    counts,
    verdict: overallVerdict(counts, {
      leaks: runs.flatMap(({ result }) => result.leaks),
      ...(runs.some(({ result }) => result.stopped) && { stopped: true }),
    }),
  }
}

/** Judges how the run on one kernel ends. A kernel that could not be used is a broken lab. */
export function kernelOutcomeOf({ result, lacks }: KernelRun, strict = false): RunOutcome {
  return lacks === undefined ? runOutcomeOf(result, { strict }) : { status: 'broken', why: [lacks] }
}

/** Judges how a run on several kernels ends. A refutation and a difference stand whatever else failed. */
export function kernelsStatusOf(
  runs: readonly KernelRun[],
  { differences }: Pick<Kernels, 'differences'>,
  strict = false,
): RunOutcome['status'] {
  const statuses = runs.map((run) => kernelOutcomeOf(run, strict).status)
  if (differences.length > 0 || statuses.includes('refuted')) return 'refuted'
  return statuses.includes('broken') ? 'broken' : 'upheld'
}

type Unit = Result['cells'][number] | Result['copies'][number]

/** Copies of failed cells repeat those cells, and only kernels on which they failed have them. */
function unitsOf({ cells, copies }: Result): Unit[] {
  return [...cells, ...copies.filter(({ id }) => !id.startsWith('copy/'))]
}

/** A lab that broke says nothing about the kernel. */
function isShown({ verdict }: Unit): boolean {
  return verdict === 'upheld' || verdict === 'refuted'
}

function notComparedOf({ kernel, result }: KernelRun): Kernels['notCompared'][number][] {
  const left = unitsOf(result).flatMap(({ id, verdict, reason = '' }) =>
    verdict === 'not-shown' || verdict === 'broken' ? [{ id, verdict, reason }] : [],
  )
  const kinds = new Map(left.map(({ verdict, reason }) => [`${verdict} ${reason}`, { verdict, reason }]))
  return [...kinds.values()].map(({ verdict, reason }) => ({
    kernel,
    verdict,
    reason,
    ids: left.filter((some) => some.verdict === verdict && some.reason === reason).map(({ id }) => id),
  }))
}

interface Observed {
  readonly kernel: string
  readonly observed: readonly Observation[]
}

function differencesOf(id: string, kernels: readonly Observed[]): KernelDifference[] {
  const fields = new Set(kernels.flatMap(({ observed }) => observed.map(({ field }) => field)))
  return [...fields].flatMap((field) => {
    const groups = new Map<string, { of: Observation | undefined; kernels: string[] }>()
    for (const { kernel, observed } of kernels) {
      const of = observed.find((some) => some.field === field)
      const group = groups.get(JSON.stringify(of)) ?? { of, kernels: [] }
      groups.set(JSON.stringify(of), { of, kernels: [...group.kernels, kernel] })
    }
    const values = [...groups.values()]
    const described = describeApart(values.map(({ of }) => of))
    return values.length < 2
      ? []
      : [{ id, field, values: values.map(({ kernels }, index) => ({ value: described[index] ?? '', kernels })) }]
  })
}

/** Describes observations of which no two are the same. If some texts are, the first details that tell them apart follow. */
function describeApart(all: readonly (Observation | undefined)[]): string[] {
  const needed = new Set<number>()
  for (const [index, one] of all.entries())
    for (const other of all.slice(index + 1)) {
      const at = one?.text === other?.text ? firstDifferent(one?.parts ?? [], other?.parts ?? []) : undefined
      if (at !== undefined) needed.add(at)
    }
  const details = [...needed].toSorted((one, other) => one - other)
  return all.map((some) => {
    if (some === undefined) return 'absent'
    return [some.text, ...details.map((at) => some.parts?.[at] ?? 'no more')].join('; ')
  })
}

/** The index of the first part that the lists do not share; undefined if they are the same. */
function firstDifferent(one: readonly string[], other: readonly string[]): number | undefined {
  const at = (one.length > other.length ? one : other).findIndex((_, index) => one[index] !== other[index])
  return at === -1 ? undefined : at
}

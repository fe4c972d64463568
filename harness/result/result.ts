import { z } from 'zod'

const bytes = z.number().int().nonnegative().describe('bytes')
const seconds = z.number().nonnegative().describe('seconds')

const mappedRunSchema = z.object({ from: bytes, to: bytes, value: z.literal(true) })
export type MappedRange = z.infer<typeof mappedRunSchema>
const originRunSchema = z.object({ from: bytes, to: bytes, value: z.enum(['zero', 'data', 'stale', 'noise']) })
export type ClassRange = z.infer<typeof originRunSchema>
const extentSchema = z.object({ offset: bytes, length: bytes, write: z.enum(['data', 'zeros']) })
export type Extent = z.infer<typeof extentSchema>

const spaceSchema = z.object({
  mappedBytes: bytes.describe('bytes of the volume that have storage: exact mapped sectors, or allocated bytes of a file'),
  mapped: z.array(mappedRunSchema).optional().describe("of a thin volume: which bytes have storage, by the pool's own metadata"),
  dataPercent: z.string().describe("LVM's Data% of the volume; computed alike for a file; empty for a thick volume"),
  pool: z.object({ usedBytes: bytes, totalBytes: bytes, dataPercent: z.string() }).optional(),
})

const foundSchema = z.discriminatedUnion('what', [
  z.object({ what: z.literal('zero') }),
  z.object({ what: z.literal('poison') }).describe('what lay on the storage before the driver was given it'),
  z.object({ what: z.literal('other-stamp'), tag: z.number() }).describe("another volume's data"),
  z.object({ what: z.literal('shifted-stamp'), fromOffset: bytes }).describe("this volume's data, from another offset"),
  z.object({ what: z.literal('noise') }),
])

const differenceSchema = z.object({
  offset: bytes,
  length: bytes,
  wrong: bytes.describe('how many of the bytes in the range differ'),
  expected: z.enum(['data', 'zero']),
  found: foundSchema,
})

export type Difference = z.infer<typeof differenceSchema>

const wrongPageSchema = z
  .object({
    offset: bytes,
    found: z.base64(),
    expected: z.base64().optional().describe('absent where all of it should be zero'),
  })
  .describe('the first aligned 4 KiB with a wrong byte in them')
export type WrongPage = z.infer<typeof wrongPageSchema>

const verificationSchema = z.object({
  checkedBytes: bytes,
  wrongBytes: bytes,
  differences: z.array(differenceSchema),
  moreDifferences: z.number().int().nonnegative().describe('ranges left out of differences'),
  byteClasses: z.array(originRunSchema).optional().describe('where every byte comes from; absent where that changes too often'),
  firstWrongPage: wrongPageSchema.optional(),
})

const predictionSchema = z.object({
  content: z.array(originRunSchema).describe('where every byte of the destination should come from'),
  wrongBytes: bytes,
  sourceMappedBytes: bytes,
  destinationMapped: z.array(mappedRunSchema),
  destinationMappedBytes: bytes,
  poolUsedBytes: bytes.optional(),
  dataPercent: z.object({ pool: z.string(), volume: z.string() }).optional().describe('of the destination, where it is thin'),
  readBytes: bytes,
  writtenBytes: bytes,
  written: z.array(mappedRunSchema).optional().describe('what the copy writes; it skips the rest'),
})

const rowSchema = z.object({
  lv_name: z.string(),
  vg_name: z.string(),
  lv_attr: z.string(),
  lv_size: z.string(),
  pool_lv: z.string(),
  origin: z.string(),
  data_percent: z.string(),
})

const modeSchema = z.enum(['full', 'sparse'])

const evidenceSchema = z.object({
  outcome: z.enum(['migrated', 'refused', 'failed']),
  why: z.string().optional().describe('why it was refused or failed'),
  states: z.array(z.enum(['starting', 'migrating', 'completing', 'success', 'error'])),
  movedBy: z.enum(['driver', 'host']).optional(),
  answer: z
    .discriminatedUnion('kind', [
      z.object({ kind: z.literal('answered'), report: z.unknown() }),
      z.object({ kind: z.literal('unanswered'), why: z.string() }),
    ])
    .optional(),
  decision: z.object({ mode: modeSchema, decidedBy: z.string(), reason: z.string() }).optional(),
  sourceRemains: z.boolean(),
  moved: z
    .object({ readBytes: bytes.optional(), writtenBytes: bytes.optional() })
    .optional()
    .describe("what the copy read from the source's and wrote to the destination's device; absent for a file"),
  verification: verificationSchema.optional(),
  before: spaceSchema.describe('the source before the migration'),
  after: spaceSchema.optional().describe('the destination after it'),
  rowsBefore: z.array(rowSchema).describe('lvs before'),
  rowsAfter: z.array(rowSchema).describe('lvs after'),
})
export type Evidence = z.infer<typeof evidenceSchema>

export const verdictSchema = z.enum(['upheld', 'refuted', 'not-shown', 'broken'])
export type Verdict = z.infer<typeof verdictSchema>

const findingSchema = z.object({ check: z.string(), ok: z.boolean(), text: z.string() })
export type Finding = z.infer<typeof findingSchema>

const cellResultSchema = z.object({
  id: z.string().describe('stable: what --only takes'),
  control: z.boolean().describe('run against the rule on purpose'),
  method: z.enum(['host', 'driver']),
  source: z.string(),
  destination: z.string(),
  layout: z.string(),
  sizeBytes: bytes,
  extents: z.array(extentSchema).optional().describe('what was written to the source; all else of it reads as zero'),
  forced: modeSchema.optional().describe('the rule was not asked'),
  faultyAnswer: z.string().optional().describe('what the destination answered instead of its report'),
  verdict: verdictSchema,
  reason: z.string().optional().describe('why the cell is not-shown or broken'),
  findings: z.array(findingSchema).describe('every check with its outcome'),
  notes: z
    .array(z.object({ kind: z.enum(['thinness-lost', 'preallocation-lost']), text: z.string() }))
    .describe('what is worth knowing and no failure'),
  evidence: evidenceSchema.optional(),
  prediction: predictionSchema.optional().describe('what the model said beforehand'),
  machine: z.string(),
  commands: z.array(z.object({ argv: z.array(z.string()), ending: z.string(), seconds, output: z.string() })),
  repeat: z.string().describe('the command that repeats this cell'),
  seconds,
})
export type CellResult = z.infer<typeof cellResultSchema>
export type Note = CellResult['notes'][number]

/** The text of a check that is not shown because it was not asked for. */
export const LEFT_OUT = 'left out'

const checkResultSchema = z.object({
  id: z.string().describe('stable: what --only takes'),
  title: z.string().describe('what must hold'),
  verdict: z
    .enum([...verdictSchema.options, 'not-offered'])
    .describe('not-offered: the driver lacks the verb, so there is nothing to hold it to'),
  text: z.string().describe('what was seen'),
  wrong: z.object({ count: bytes, first: differenceSchema }).optional().describe('bytes that should not be there'),
  counterexample: z.number().int().nonnegative().optional().describe('the index of the smallest that shows the same'),
  repeat: z.string().describe('the command that repeats this check'),
  seconds,
})
export type CheckResult = z.infer<typeof checkResultSchema>

const counterexampleSchema = z.object({
  what: z.string().describe('how the volume comes about'),
  sizeBytes: bytes.describe('the size asked for, in bytes'),
  actualBytes: bytes.describe('the size it came out with, in bytes'),
  writes: z.array(z.object({ offset: bytes, length: bytes })).describe('what its user writes'),
  wrongBytes: bytes,
  first: differenceSchema,
  file: z
    .string()
    .regex(/^\w[\w.-]*$/)
    .describe('the name of the script, in the folder counterexamples beside the result'),
  script: z.string().describe('a plain shell script that shows the same'),
})
export type Counterexample = z.infer<typeof counterexampleSchema>

const candidateKindSchema = z.enum(['built-in', 'program', 'module'])

const certificateSchema = z.object({
  driver: z.string(),
  kind: candidateKindSchema,
  calledItself: z.string().optional(),
  claim: z.boolean().describe('whether it claims that its new volumes read as zeros'),
  claimReason: z.string(),
  verdict: verdictSchema,
  reason: z.string().optional().describe('why it is not-shown or broken'),
  checks: z.array(checkResultSchema),
  counterexamples: z.array(counterexampleSchema),
  wastedSpace: z.string().optional().describe('the driver could claim and does not: every copy to it is full'),
  machine: z.string(),
  repeat: z.string(),
  seconds,
})
/** What a driver was found to be. */
export type Certificate = z.infer<typeof certificateSchema>

const storageSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('thin'),
    chunkBytes: bytes,
    zeroing: z.boolean().describe('whether a new chunk is zeroed around a write that is smaller'),
    discards: z.boolean().describe('whether discards reach the pool'),
  }),
  z.object({ kind: z.literal('thick') }),
  z.object({ kind: z.literal('file') }),
])
const copyCaseSchema = z.object({
  sizeBytes: bytes.describe('of the volume that is copied'),
  source: z.object({
    storage: storageSchema,
    sizeBytes: bytes.describe('of its device'),
    extents: z.array(extentSchema),
    reserved: z.boolean().optional().describe('a file that was given all its storage when it was made'),
  }),
  destination: z.object({
    storage: storageSchema,
    sizeBytes: bytes.describe('of its device'),
    prior: z
      .discriminatedUnion('kind', [
        z.object({ kind: z.enum(['new', 'reserved']) }),
        z.object({ kind: z.enum(['used', 'snapshot']), extents: z.array(extentSchema) }),
        z.object({ kind: z.literal('external-origin'), originBytes: bytes, extents: z.array(extentSchema) }),
      ])
      .describe('what the destination was before the copy'),
    cryptHeaderBytes: bytes.optional().describe('the header of an encryption between the copy and the volume'),
  }),
  copy: z.discriminatedUnion('how', [
    z.object({ how: z.enum(['full', 'sparse']), blockBytes: bytes, keepsFile: z.boolean().optional() }),
    z.object({ how: z.literal('mapped') }),
    z.object({ how: z.enum(['zero-out-then-sparse', 'discard-then-sparse', 'full-then-discard']), blockBytes: bytes }),
  ]),
})

const copyResultSchema = z.object({
  id: z.string().describe('stable: what --only takes'),
  copyCase: copyCaseSchema.describe('one copy and all that it depends on'),
  description: z.string(),
  verdict: verdictSchema,
  reason: z.string().optional().describe('why it is not-shown or broken'),
  findings: z.array(findingSchema).describe('every check with its outcome'),
  permitted: z.boolean().describe('whether the rule permits this copy, of an honest driver'),
  wrongBytes: bytes.optional().describe('of the volume, as measured'),
  predictedWrongBytes: bytes.describe('of the volume, as the model has it'),
  staleBytesPastEnd: bytes.optional().describe("stale bytes past the volume's end, on a larger destination, that its user can read"),
  seen: z
    .object({
      content: z.array(originRunSchema).describe('where every byte of the destination comes from'),
      mapped: z.array(mappedRunSchema).optional().describe('which bytes have storage, of a thin destination'),
      predicted: z.array(originRunSchema).describe('where every byte should come from, by the model'),
      predictedMapped: z.array(mappedRunSchema),
      written: z.array(mappedRunSchema).describe('what the copy writes, by the model; it skips the rest'),
      firstWrongPage: wrongPageSchema.optional(),
    })
    .optional()
    .describe('of a copy that is corrupt, leaves stale bytes past its end or is refuted, where that takes few ranges'),
  smallest: z
    .object({ copyCase: copyCaseSchema, description: z.string(), text: z.string() })
    .optional()
    .describe('the smallest that shows the same'),
  machine: z.string(),
  repeat: z.string(),
  seconds,
})
/** A copy on real storage, held against what the model predicted. */
export type CopyResult = z.infer<typeof copyResultSchema>

const number = z.number().int().positive()
const shardSchema = z.object({
  number: number.describe('which one, counted from 1'),
  of: number.describe('how many there are'),
  asked: z.string().describe('the command of the whole run'),
  whole: z
    .object({
      cells: z.array(z.string()),
      copies: z.array(z.string()),
      drivers: z.array(z.object({ driver: z.string(), kind: candidateKindSchema })),
    })
    .describe('all that the shards run together, in order'),
})
/** A part of a run that goes on elsewhere. */
export type Shard = z.infer<typeof shardSchema>

/** The one shape that every report is made from. */
export const resultSchema = z.object({
  schema: z.literal('holeproof-result-2'),
  version: z.string(),
  startedAt: z.iso.datetime(),
  seconds,
  seed: z.number().int(),
  brokenRule: z.string().optional().describe('the rule was broken on purpose, in this way'),
  shard: shardSchema.optional().describe('the result is a part of a run'),
  merged: z
    .object({
      shards: number,
      missingShards: z.array(number).describe('shards whose results were not there'),
      missing: z.array(z.string()).describe('what no result held, and is not shown'),
    })
    .optional()
    .describe('the result was made of the results of shards'),
  stopped: z.literal(true).optional().describe('the run was ended early'),
  machines: z.array(z.object({ name: z.string(), kind: z.enum(['native', 'uml', 'qemu']), kernel: z.string() })),
  cells: z.array(cellResultSchema),
  copies: z.array(copyResultSchema).describe('copies on real storage that were predicted beforehand'),
  certificates: z.array(certificateSchema).describe('of drivers that were certified'),
  leaks: z.array(z.string()).describe('what was left behind or could not be released'),
  counts: z.object({ upheld: z.number(), refuted: z.number(), 'not-shown': z.number(), broken: z.number() }),
  verdict: verdictSchema,
})
export type Result = z.infer<typeof resultSchema>

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

/** The published JSON schema of a result file. */
export function resultJsonSchema(): object {
  return z.toJSONSchema(resultSchema)
}

/** The certificate of a driver that nobody came to. */
export function notShownDriver(driver: string, kind: Certificate['kind'], reason: string, repeat: string): Certificate {
  return {
    ...{ driver, kind, claim: false, claimReason: 'nobody asked it', verdict: 'not-shown', reason, checks: [], counterexamples: [] },
    ...{ machine: '', repeat, seconds: 0 },
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

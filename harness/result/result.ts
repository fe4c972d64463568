import { z } from 'zod'

const bytes = z.number().int().nonnegative().describe('bytes')
const seconds = z.number().nonnegative().describe('seconds')

const spaceSchema = z.object({
  mappedBytes: bytes.describe('bytes of the volume that have storage: exact mapped sectors, or allocated bytes of a file'),
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

const verificationSchema = z.object({
  checkedBytes: bytes,
  wrongBytes: bytes,
  differences: z.array(
    z.object({
      offset: bytes,
      length: bytes,
      wrong: bytes.describe('how many of the bytes in the range differ'),
      expected: z.enum(['data', 'zero']),
      found: foundSchema,
    }),
  ),
  moreDifferences: z.number().int().nonnegative().describe('ranges left out of differences'),
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
  forced: modeSchema.optional().describe('the rule was not asked'),
  misanswer: z.string().optional().describe('what the destination answered instead of its report'),
  verdict: verdictSchema,
  reason: z.string().optional().describe('why the cell is not-shown or broken'),
  findings: z.array(findingSchema).describe('every check with its outcome'),
  notes: z
    .array(z.object({ kind: z.enum(['thinness-lost', 'preallocation-lost']), text: z.string() }))
    .describe('what is worth knowing and no failure'),
  evidence: evidenceSchema.optional(),
  machine: z.string(),
  commands: z.array(z.object({ argv: z.array(z.string()), ending: z.string(), seconds, output: z.string() })),
  repeat: z.string().describe('the command that repeats this cell'),
  seconds,
})
export type CellResult = z.infer<typeof cellResultSchema>
export type Note = CellResult['notes'][number]

/** The one shape that every report is made from. */
export const resultSchema = z.object({
  schema: z.literal('holeproof-result-1'),
  version: z.string(),
  startedAt: z.iso.datetime(),
  seconds,
  seed: z.number().int(),
  brokenRule: z.string().optional().describe('the rule was broken on purpose, in this way'),
  machines: z.array(z.object({ name: z.string(), kind: z.enum(['native', 'uml', 'qemu']), kernel: z.string() })),
  cells: z.array(cellResultSchema),
  leaks: z.array(z.string()).describe('what was left behind or could not be released'),
  counts: z.object({ upheld: z.number(), refuted: z.number(), 'not-shown': z.number(), broken: z.number() }),
  verdict: verdictSchema,
})
export type Result = z.infer<typeof resultSchema>

/** The published JSON schema of a result file. */
export function resultJsonSchema(): object {
  return z.toJSONSchema(resultSchema)
}

export function countVerdicts(cells: readonly { verdict: Verdict }[]): Result['counts'] {
  const counts = { upheld: 0, refuted: 0, 'not-shown': 0, broken: 0 }
  for (const { verdict } of cells) counts[verdict]++
  return counts
}

/** The run's verdict: a refutation stands whatever else failed, a leak is a broken lab, and one cell not shown is enough. */
export function overallVerdict(counts: Result['counts'], leaks: readonly string[]): Verdict {
  if (counts.refuted > 0) return 'refuted'
  if (counts.broken > 0 || leaks.length > 0) return 'broken'
  return counts['not-shown'] > 0 || counts.upheld === 0 ? 'not-shown' : 'upheld'
}

import { z } from 'zod'
import { bytes, list, object, seconds } from './schema.ts'

const count = z.number().int().nonnegative()
const value = z.number().nonnegative()

const measuredSideSchema = object({
  command: z.string().describe('the command that was measured, without the options for its output'),
  values: list(value).describe('the value of each round, in order'),
  median: value,
  least: value,
  most: value,
  peakBytes: bytes.describe('the most memory that the processes of one run held at a time'),
  machines: z.string().optional().describe('the machines that the command used, e.g. 2 x uml 6.1.176'),
})
/** The rounds of a figure on one side. */
export type MeasuredSide = z.infer<typeof measuredSideSchema>

const figureShape = { id: z.string(), title: z.string() }

const figureSchema = z.discriminatedUnion('state', [
  object({
    state: z.literal('measured'),
    ...figureShape,
    unit: z.enum(['seconds', 'copies-per-minute']),
    before: measuredSideSchema,
    after: measuredSideSchema,
    ratio: object({ median: value, least: value, most: value }).describe(
      'after divided by before: of the medians, and the bounds that follow from the least and the most of both sides',
    ),
  }),
  object({ state: z.literal('not-shown'), ...figureShape, reason: z.string() }),
])
/** A figure of both sides, or the reason why there is none. */
export type Figure = z.infer<typeof figureSchema>
export type MeasuredFigure = Extract<Figure, { state: 'measured' }>

const partsSchema = object({
  of: object({ count, seconds }).describe('the cells and copies that recorded such parts, and their time'),
  parts: list(object({ name: z.string(), count, seconds, mean: seconds })).describe('the longest first'),
})
/** The time of cells and copies, divided into parts of one kind. */
export type Parts = z.infer<typeof partsSchema>

const breakdownSchema = object({
  commands: partsSchema.optional().describe('by command; an LVM command has the name of its subcommand'),
  phases: partsSchema.optional(),
})
export type Breakdown = z.infer<typeof breakdownSchema>

const commitSchema = object({
  commit: z.string().describe('the full hash'),
  changed: z.literal(true).optional().describe('the checkout had uncommitted changes, which were measured'),
})

/** Two commits measured in one run. */
export const benchSchema = z.object({
  schema: z.literal('holeproof-bench-1'),
  version: z.string(),
  startedAt: z.iso.datetime(),
  seconds,
  seed: z.number().int(),
  kernel: z.string().optional().describe('the kernel that was asked for, of each side that can choose one'),
  stopped: z.literal(true).optional().describe('the run was stopped before its end'),
  before: commitSchema,
  after: commitSchema,
  host: object({
    cores: count,
    memoryBytes: bytes,
    kernel: z.string(),
    node: z.string(),
    load: list(z.number().nonnegative()).describe('the load averages of 1, 5 and 15 minutes before the run'),
  }),
  memory: z
    .enum(['pss', 'rss', 'mixed'])
    .describe('the measure of memory: proportional set size, resident set size, or the latter only for processes that hide the former'),
  figures: list(figureSchema),
  breakdown: breakdownSchema.optional().describe('the time of the cells and copies of the last matrix of the after side'),
})
export type Bench = Readonly<z.infer<typeof benchSchema>>

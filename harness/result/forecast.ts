import { z } from 'zod'
import { list, object, seconds } from './schema.ts'

const bytes = z.number().nonnegative().describe('bytes')
const step = z.number().int().nonnegative().describe('after how many migrations')

/** Bounds; equal where it is exact. */
const amountOf = (unit: z.ZodNumber) => object({ least: unit, most: unit })
const amount = amountOf(bytes)
export type Amount = z.infer<typeof amount>

const shareSchema = object({ bytes: amount, dataPercent: object({ least: z.string(), most: z.string() }) }).describe(
  "what is in use, and as LVM's Data%; equal bounds where it is exact",
)
export type Share = z.infer<typeof shareSchema>

export const strategyNames = ['full', 'sparse', 'mapped'] as const
const strategySchema = z
  .enum(strategyNames)
  .describe(
    "full: every byte; sparse: the blocks with data, where the rule permits it, else every byte; mapped: the source's own chunks, where the rule permits it, else every byte",
  )
export type StrategyName = z.infer<typeof strategySchema>

const verdictSchema = z.enum(['fits', 'may-overfill', 'overfills'])
export type ForecastVerdict = z.infer<typeof verdictSchema>

const overfillSchema = object({
  step: step.describe('the migration that does it, counted from 1'),
  volume: z.string(),
  pool: z.string(),
  missing: amount.describe('by how much the pool is too small for that migration; bytes'),
})

const pointSchema = object({
  step,
  seconds: seconds.optional().describe('since the beginning, at the latest'),
  least: bytes,
  most: bytes,
  peak: bytes.describe('the most at any step since the point before; bytes'),
})
export type Point = z.infer<typeof pointSchema>

const outcomeSchema = object({
  strategy: strategySchema,
  verdict: verdictSchema,
  read: amount,
  written: amount,
  seconds: amountOf(seconds).optional().describe('where the file gives bandwidths'),
  firstCertain: overfillSchema.optional().describe('the first migration for which a pool is too small wherever the data lies'),
  firstPossible: overfillSchema.optional().describe('the first for which it may be too small, depending on where the data lies'),
  pools: list(
    object({
      pool: z.string(),
      before: shareSchema,
      peak: shareSchema.describe('the highest bounds after any migration; the source is given up after the copy only'),
      peakStep: step,
      final: shareSchema,
      points: list(pointSchema).describe('what the pool has in use: after each migration that changes it, or fewer points of a long plan'),
    }),
  ),
})
export type StrategyForecast = z.infer<typeof outcomeSchema>

const movedSchema = object({
  step,
  volume: z.string(),
  from: z.string(),
  to: z.string(),
  sizeBytes: bytes,
  blockBytes: bytes.describe("the copy's block"),
  sparse: z.boolean().describe('whether the rule permits a sparse copy'),
  before: shareSchema
    .optional()
    .describe('what the volume has allocated as the file gives it, on its first migration; absent where it takes its whole size'),
  after: list(object({ strategy: strategySchema, written: amount, share: shareSchema.optional() })).describe(
    'what each strategy writes, and leaves allocated; no share where a volume takes its whole size',
  ),
})
export type ForecastMigration = z.infer<typeof movedSchema>

/** The one shape that all reports of a forecast are made from. */
export const forecastSchema = z.object({
  schema: z.literal('holeproof-forecast-1'),
  version: z.string(),
  verdict: verdictSchema.describe('of the sparse strategy: what the rule gives'),
  volumes: z.number().int(),
  migrations: z.number().int(),
  pools: list(
    object({
      name: z.string(),
      kind: z.enum(['thin', 'thick', 'file']),
      sizeBytes: bytes,
      grainBytes: bytes.describe('what the pool gives at a time: chunk, extent, block'),
      sparse: z.boolean().describe('whether the rule permits sparse copies to it'),
      reason: z.string().describe('why, in the words of the rule'),
    }),
  ),
  forbidden: list(
    object({ pool: z.string(), reason: z.string(), migrations: z.number().int(), first: object({ step, volume: z.string() }) }),
  ).describe('pools to which the plan migrates and the rule forbids sparse copies'),
  outcomes: list(outcomeSchema),
  moved: list(movedSchema).describe('each migration, of a short plan; the first ones of a long plan'),
  assumptions: list(z.string()),
})
export type Forecast = Readonly<z.infer<typeof forecastSchema>>

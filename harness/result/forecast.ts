import { z } from 'zod'
import { list, object, seconds } from './schema.ts'

const bytes = z.number().nonnegative().describe('bytes')
const step = z.number().int().nonnegative().describe('the number of migrations done')

/** Bounds of a quantity; equal if it is exact. */
const amountOf = (unit: z.ZodNumber) => object({ least: unit, most: unit })
const amount = amountOf(bytes)
export type Amount = z.infer<typeof amount>

const shareSchema = object({ bytes: amount, dataPercent: object({ least: z.string(), most: z.string() }) }).describe(
  "the space in use, in bytes and as LVM's Data%; the bounds are equal if it is exact",
)
export type Share = z.infer<typeof shareSchema>

const metadataShareSchema = object({ bytes: amount, metaPercent: object({ least: z.string(), most: z.string() }) }).describe(
  "the metadata of a thin pool in use, in bytes and as LVM's Meta%; the bounds are equal if it is exact",
)
export type MetadataShare = z.infer<typeof metadataShareSchema>

export const strategyNames = ['full', 'sparse', 'mapped'] as const
const strategySchema = z
  .enum(strategyNames)
  .describe(
    "full: every byte; sparse: the blocks with data if the rule permits it, else every byte; mapped: the source's own chunks if the rule permits it, else every byte",
  )
export type StrategyName = z.infer<typeof strategySchema>

const verdictSchema = z.enum(['fits', 'may-overfill', 'overfills'])
export type ForecastVerdict = z.infer<typeof verdictSchema>

const overfillSchema = object({
  step: step.describe('the number of the migration that overfills the pool, counted from 1'),
  volume: z.string(),
  pool: z.string(),
  limit: z
    .enum(['size', 'reserve', 'metadata'])
    .describe(
      'the limit that the migration passes: the size of the pool, the reserve to keep free in it, or the Meta% from which LVM creates no more volumes',
    ),
  missing: amount.describe('the bytes that the pool is too small by for that migration, or that its reserve lacks'),
})

const pointSchema = object({
  step,
  seconds: seconds.optional().describe('seconds since the beginning, at the latest'),
  least: bytes,
  most: bytes,
  peak: bytes.describe('the most bytes in use at any step since the previous point'),
})
export type Point = z.infer<typeof pointSchema>

const outcomeSchema = object({
  strategy: strategySchema,
  verdict: verdictSchema,
  read: amount,
  written: amount,
  seconds: amountOf(seconds).optional().describe('present if the file gives bandwidths'),
  firstCertain: overfillSchema.optional().describe('the first migration for which a pool is too small wherever the data lies'),
  firstPossible: overfillSchema
    .optional()
    .describe('the first migration for which a pool may be too small, depending on where the data lies'),
  pools: list(
    object({
      pool: z.string(),
      before: shareSchema,
      peak: shareSchema.describe('the highest bounds after any migration; the source is deleted only after the copy'),
      peakStep: step,
      final: shareSchema,
      metadata: object({ before: metadataShareSchema, peak: metadataShareSchema, final: metadataShareSchema, points: list(pointSchema) })
        .optional()
        .describe('present if the file gives the metadata of the pool'),
      points: list(pointSchema).describe('the space in use after each migration that changes it; fewer points for a long plan'),
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
  blockBytes: bytes.describe('the block size of the copy, in bytes'),
  sparse: z.boolean().describe('whether the rule permits a sparse copy'),
  before: shareSchema
    .optional()
    .describe('the space that the file gives as allocated, on the first migration of a volume; absent if the volume takes its whole size'),
  after: list(object({ strategy: strategySchema, written: amount, share: shareSchema.optional() })).describe(
    'the bytes that each strategy writes, and the space it leaves allocated; share is absent if the volume takes its whole size',
  ),
})
export type ForecastMigration = z.infer<typeof movedSchema>

/** The shape that all reports of a forecast are made from. */
export const forecastSchema = z.object({
  schema: z.literal('holeproof-forecast-1'),
  version: z.string(),
  verdict: verdictSchema.describe('the verdict of the sparse strategy, which follows the rule'),
  volumes: z.number().int(),
  migrations: z.number().int(),
  pools: list(
    object({
      name: z.string(),
      kind: z.enum(['thin', 'thick', 'file']),
      sizeBytes: bytes,
      grainBytes: bytes.describe('the unit of allocation in bytes: chunk, extent or block'),
      sparse: z.boolean().describe('whether the rule permits sparse copies to it'),
      reason: z.string().describe('why, in the words of the rule'),
      reserveBytes: bytes.describe('the bytes that a migration to the pool must leave free'),
      metadata: object({
        sizeBytes: bytes.describe('the metadata that the kernel uses, in bytes'),
        refusedFrom: z.string().describe('the Meta% from which LVM creates no more volumes in the pool'),
      }).optional(),
      promised: object({ before: bytes, peak: bytes, after: bytes }).describe(
        'the virtual sizes of the listed volumes in the pool, in bytes; during a copy a volume counts in both pools',
      ),
    }),
  ),
  forbidden: list(
    object({ pool: z.string(), reason: z.string(), migrations: z.number().int(), first: object({ step, volume: z.string() }) }),
  ).describe('destination pools of the plan to which the rule forbids sparse copies'),
  outcomes: list(outcomeSchema),
  moved: list(movedSchema).describe('every migration of a short plan, or the first ones of a long plan'),
  assumptions: list(z.string()),
})
export type Forecast = Readonly<z.infer<typeof forecastSchema>>

import { z } from 'zod'
import { mappedRangeSchema, verificationSchema } from './bytes.ts'
import { copyModeSchema } from './copy_mode.ts'
import { bytes, list, object } from './schema.ts'

const spaceSchema = object({
  mappedBytes: bytes.describe('bytes of the volume that have storage: exact mapped sectors, or allocated bytes of a file'),
  mapped: list(mappedRangeSchema).optional().describe("of a thin volume: which bytes have storage, by the pool's own metadata"),
  dataPercent: z.string().describe("LVM's Data% of the volume; computed alike for a file; empty for a thick volume"),
  pool: object({ usedBytes: bytes, totalBytes: bytes, dataPercent: z.string() }).optional(),
})

/** How much of the storage a volume and its pool take. The last range of `mapped` may reach past the volume's end. */
export type Space = z.infer<typeof spaceSchema>

export const lvRowSchema = object({
  lv_name: z.string(),
  vg_name: z.string(),
  lv_attr: z.string(),
  lv_size: z.string(),
  pool_lv: z.string(),
  origin: z.string(),
  data_percent: z.string(),
})

/** A row of `lvs`, as LVM writes it: sizes like `1.00g`, Data% like `19.53` or empty. */
export type LvRow = z.infer<typeof lvRowSchema>

const bytesMovedSchema = object({ readBytes: bytes.optional(), writtenBytes: bytes.optional() }).describe(
  "what the copy read from the source's and wrote to the destination's device; absent for a file",
)
export type BytesMoved = z.infer<typeof bytesMovedSchema>

export const evidenceSchema = object({
  outcome: z.enum(['migrated', 'refused', 'failed']),
  why: z.string().optional().describe('why it was refused or failed'),
  states: list(z.enum(['starting', 'migrating', 'completing', 'success', 'error'])),
  movedBy: z.enum(['driver', 'host']).optional(),
  answer: z
    .discriminatedUnion('kind', [
      object({ kind: z.literal('answered'), report: z.unknown() }),
      object({ kind: z.literal('unanswered'), why: z.string() }),
    ])
    .optional(),
  decision: object({ mode: copyModeSchema, decidedBy: z.string(), reason: z.string() }).optional(),
  sourceRemains: z.boolean(),
  moved: bytesMovedSchema.optional(),
  verification: verificationSchema.optional(),
  before: spaceSchema.describe('the source before the migration'),
  after: spaceSchema.optional().describe('the destination after it'),
  rowsBefore: list(lvRowSchema).describe('lvs before'),
  rowsAfter: list(lvRowSchema).describe('lvs after'),
})
export type Evidence = z.infer<typeof evidenceSchema>

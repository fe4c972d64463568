import { z } from 'zod'
import { mappedRangeSchema, verificationSchema } from './bytes.ts'
import { copyModeSchema } from './copy_mode.ts'
import { mirrorOptionsSchema } from './mirror.ts'
import { bytes, list, object } from './schema.ts'

const spaceSchema = object({
  mappedBytes: bytes.describe('bytes of the volume that have storage: exact mapped sectors, or the allocated bytes of a file'),
  mapped: list(mappedRangeSchema).optional().describe("the ranges of a thin volume that have storage, from the pool's own metadata"),
  dataPercent: z.string().describe("LVM's Data% of the volume; computed in the same way for a file; empty for a thick volume"),
  pool: object({ usedBytes: bytes, totalBytes: bytes, dataPercent: z.string() }).optional(),
})

/** The storage that a volume and its pool take. The last range of `mapped` may reach past the volume's end. */
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
  "bytes that the copy read from the source's device and wrote to the destination's; absent for a file",
)
export type BytesMoved = z.infer<typeof bytesMovedSchema>

/** The spec's three methods of migration. */
export const methodSchema = z.enum(['host', 'driver', 'live'])

const mirrorSchema = object({
  qemu: z.string().describe('the version of QEMU'),
  libvirt: z.string().optional().describe('the version of the libvirt whose domain had the volume; absent for a storage daemon'),
  options: mirrorOptionsSchema.describe('the options of its mirror; empty as Nova sets them'),
  acknowledgedWrites: z.number().int().nonnegative().describe("the instance's writes that were acknowledged, in all"),
  lost: z.string().optional().describe('why the instance lost its volume'),
})

export const evidenceSchema = object({
  outcome: z.enum(['migrated', 'refused', 'failed']),
  why: z.string().optional().describe('why the migration was refused or failed'),
  states: list(z.enum(['starting', 'migrating', 'completing', 'success', 'error'])),
  movedBy: methodSchema.optional(),
  answer: z
    .discriminatedUnion('kind', [
      object({ kind: z.literal('answered'), report: z.unknown() }),
      object({ kind: z.literal('unanswered'), why: z.string() }),
    ])
    .optional(),
  decision: object({ mode: copyModeSchema, decidedBy: z.string(), reason: z.string() }).optional(),
  sourceRemains: z.boolean(),
  mirror: mirrorSchema.optional().describe('how a volume in use was copied'),
  moved: bytesMovedSchema.optional(),
  verification: verificationSchema.optional(),
  before: spaceSchema.describe('the storage of the source before the migration'),
  after: spaceSchema.optional().describe('the storage of the destination after the migration'),
  rowsBefore: list(lvRowSchema).describe('the output of lvs before the migration'),
  rowsAfter: list(lvRowSchema).describe('the output of lvs after the migration'),
})
export type Evidence = z.infer<typeof evidenceSchema>

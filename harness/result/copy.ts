import { z } from 'zod'
import { classRangeSchema, extentSchema, mappedRangeSchema, wrongPageSchema } from './bytes.ts'
import { findingSchema, verdictSchema } from './finding.ts'
import { bytes, list, object, seconds } from './schema.ts'

const storageSchema = z.discriminatedUnion('kind', [
  object({
    kind: z.literal('thin'),
    chunkBytes: bytes,
    zeroing: z.boolean().describe('whether a new chunk is zeroed around a write that is smaller'),
    discards: z.boolean().describe('whether discards reach the pool'),
  }),
  object({ kind: z.literal('thick') }),
  object({ kind: z.literal('file') }),
])
/** The storage of a volume. */
export type StorageSpec = z.infer<typeof storageSchema>
export type ThinPoolSpec = Omit<Extract<StorageSpec, { kind: 'thin' }>, 'kind'>

const priorSchema = z.discriminatedUnion('kind', [
  object({ kind: z.enum(['new', 'reserved']) }),
  object({ kind: z.enum(['used', 'snapshot']), extents: list(extentSchema) }),
  object({ kind: z.literal('external-origin'), originBytes: bytes, extents: list(extentSchema) }),
])
/**
 * The history of a destination volume before the copy. `used`: another volume's data was written to it. `snapshot`: a thin snapshot
 * of such a volume, which stays. `external-origin`: thin, with that data showing through from `originBytes` of another device.
 * `reserved`: a file with storage that it was given and never written.
 */
export type Prior = z.infer<typeof priorSchema>

const copySchema = z.discriminatedUnion('how', [
  object({ how: z.enum(['full', 'sparse']), blockBytes: bytes, keepsFile: z.boolean().optional() }),
  object({ how: z.literal('mapped') }),
  object({ how: z.enum(['zero-out-then-sparse', 'discard-then-sparse', 'full-then-discard']), blockBytes: bytes }),
])
/**
 * The way a volume is copied; blocks in bytes. `mapped` copies the chunks that its source has storage for; the others read all of
 * it. Those with three words are of the spec's section "Alternatives".
 */
export type CopySpec = z.infer<typeof copySchema>

const copyCaseSchema = object({
  sizeBytes: bytes.describe('of the volume that is copied'),
  source: object({
    storage: storageSchema,
    sizeBytes: bytes.describe('of its device'),
    extents: list(extentSchema),
    reserved: z.boolean().optional().describe('a file that was given all its storage when it was made'),
  }),
  destination: object({
    storage: storageSchema,
    sizeBytes: bytes.describe('of its device'),
    prior: priorSchema.describe('what the destination was before the copy'),
    cryptHeaderBytes: bytes.optional().describe('the header of an encryption between the copy and the volume'),
  }),
  copy: copySchema,
})

/** One copy and all that it depends on: the model predicts it and real storage is made from it. Sizes and offsets in bytes. */
export type CopyCase = z.infer<typeof copyCaseSchema>

export const copyResultSchema = object({
  id: z.string().describe('stable: what --only takes'),
  copyCase: copyCaseSchema.describe('one copy and all that it depends on'),
  description: z.string(),
  verdict: verdictSchema,
  reason: z.string().optional().describe('why it is not-shown or broken'),
  findings: list(findingSchema).describe('every check with its outcome'),
  permitted: z.boolean().describe('whether the rule permits this copy, of an honest driver'),
  wrongBytes: bytes.optional().describe('of the volume, as measured'),
  predictedWrongBytes: bytes.describe('of the volume, as the model has it'),
  staleBytesPastEnd: bytes.optional().describe("stale bytes past the volume's end, on a larger destination, that its user can read"),
  seen: object({
    content: list(classRangeSchema).describe('where every byte of the destination comes from'),
    mapped: list(mappedRangeSchema).optional().describe('which bytes have storage, of a thin destination'),
    predicted: list(classRangeSchema).describe('where every byte should come from, by the model'),
    predictedMapped: list(mappedRangeSchema),
    written: list(mappedRangeSchema).describe('what the copy writes, by the model; it skips the rest'),
    firstWrongPage: wrongPageSchema.optional(),
  })
    .optional()
    .describe('of a copy that is corrupt, leaves stale bytes past its end or is refuted, where that takes few ranges'),
  smallest: object({ copyCase: copyCaseSchema, description: z.string(), text: z.string() })
    .optional()
    .describe('the smallest that shows the same'),
  machine: z.string(),
  repeat: z.string(),
  seconds,
})
/** A copy on real storage, held against what the model predicted. */
export type CopyResult = z.infer<typeof copyResultSchema>

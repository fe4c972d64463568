import { z } from 'zod'
import { classRangeSchema, extentSchema, mappedRangeSchema, wrongPageSchema } from './bytes.ts'
import { findingSchema, verdictSchema } from './finding.ts'
import { mirrorOptionsSchema, writerSchema } from './mirror.ts'
import { phasesSchema } from './phase.ts'
import { bytes, list, object, seconds } from './schema.ts'

const storageSchema = z.discriminatedUnion('kind', [
  object({
    kind: z.literal('thin'),
    chunkBytes: bytes,
    zeroing: z.boolean().describe('whether a new chunk is zeroed before a write that is smaller than it'),
    discards: z.boolean().describe('whether the pool takes discards'),
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
 * The history of a destination volume before the copy. `used`: another volume's data was written to it. `snapshot`: it is a thin
 * snapshot of such a volume, which stays. `external-origin`: it is thin, and that data shows through from `originBytes` of another
 * device. `reserved`: it is a file whose storage was allocated and never written.
 */
export type Prior = z.infer<typeof priorSchema>

const copySchema = z.discriminatedUnion('how', [
  object({ how: z.enum(['full', 'sparse']), blockBytes: bytes, keepsFile: z.boolean().optional() }),
  object({ how: z.literal('mapped') }),
  object({
    how: z.literal('mirror'),
    qemu: z.string().optional().describe('the version of QEMU; default the newest'),
    options: mirrorOptionsSchema,
    writer: writerSchema.optional().describe('what an instance writes meanwhile; default nothing'),
  }),
  object({ how: z.enum(['zero-out-then-sparse', 'discard-then-sparse', 'full-then-discard']), blockBytes: bytes }),
])
/**
 * The way a volume is copied; blocks in bytes. `mapped` reads the chunks that the source has storage for; the others read the whole
 * source. `mirror` is QEMU's, of a volume in use. The last three come from the spec's section "Alternatives".
 */
export type CopySpec = z.infer<typeof copySchema>

const copyCaseSchema = object({
  sizeBytes: bytes.describe('the size of the volume that is copied, in bytes'),
  source: object({
    storage: storageSchema,
    sizeBytes: bytes.describe('the size of its device, in bytes'),
    extents: list(extentSchema),
    reserved: z.boolean().optional().describe('a file whose storage was allocated in full when it was made'),
  }),
  destination: object({
    storage: storageSchema,
    sizeBytes: bytes.describe('the size of its device, in bytes'),
    prior: priorSchema.describe('the history of the destination before the copy'),
    cryptHeaderBytes: bytes.optional().describe('the size of the encryption header between the copy and the volume, in bytes'),
  }),
  copy: copySchema,
})

/** One copy and all that it depends on. The model predicts it, and real storage is made from it. Sizes and offsets are in bytes. */
export type CopyCase = z.infer<typeof copyCaseSchema>

export const copyResultSchema = object({
  id: z.string().describe('stable; --only takes it'),
  copyCase: copyCaseSchema.describe('one copy and all that it depends on'),
  description: z.string(),
  verdict: verdictSchema,
  reason: z.string().optional().describe('why the copy is not-shown or broken'),
  findings: list(findingSchema).describe('every check and its result'),
  permitted: z.boolean().describe('whether the rule permits this copy if the driver is honest'),
  wrongBytes: bytes.optional().describe('wrong bytes within the volume, as measured'),
  predictedWrongBytes: bytes.describe('wrong bytes within the volume, as predicted by the model'),
  mappedBytes: bytes.optional().describe('bytes of the destination that have storage'),
  staleBytesPastEnd: bytes.optional().describe("stale bytes past the volume's end that the user of a larger destination can read"),
  seen: object({
    content: list(classRangeSchema).describe('the class of every byte of the destination'),
    mapped: list(mappedRangeSchema).optional().describe('the ranges of a thin destination that have storage'),
    predicted: list(classRangeSchema).describe('the class of every byte, as predicted by the model'),
    predictedMapped: list(mappedRangeSchema),
    written: list(mappedRangeSchema).describe('the ranges that the copy writes, as predicted by the model; it skips the rest'),
    firstWrongPage: wrongPageSchema.optional(),
  })
    .optional()
    .describe('present for a copy that is corrupt, is refuted or leaves stale bytes past the end, if few ranges describe it'),
  smallest: object({ copyCase: copyCaseSchema, description: z.string(), text: z.string() })
    .optional()
    .describe('the smallest copy that fails the same check'),
  machine: z.string(),
  repeat: z.string(),
  seconds,
  phases: phasesSchema,
})
/** A copy on real storage, compared with the prediction of the model. */
export type CopyResult = z.infer<typeof copyResultSchema>

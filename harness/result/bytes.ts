import { z } from 'zod'
import { bytes, list, object } from './schema.ts'

/**
 * The sources of a byte. `data`: the volume's own data, in its place. `stale`: poison, or another volume's data. `noise`: none of
 * these, such as the decryption of bytes that were never encrypted.
 */
export const BYTE_CLASSES = ['zero', 'data', 'stale', 'noise'] as const
export type ByteClass = (typeof BYTE_CLASSES)[number]

export const mappedRangeSchema = object({ from: bytes, to: bytes, value: z.literal(true) })
export type MappedRange = z.infer<typeof mappedRangeSchema>
export const classRangeSchema = object({ from: bytes, to: bytes, value: z.enum(BYTE_CLASSES) })
export type ClassRange = z.infer<typeof classRangeSchema>

const generation = z.number().int().nonnegative()
export const extentSchema = object({
  offset: bytes,
  length: bytes,
  write: z.enum(['data', 'zeros']),
  generation: generation.optional().describe('which write to the volume in use it is; absent for what it held before'),
})
/** A part of a volume that its owner wrote: stamped data or explicit zeros. Offset and length are in bytes. */
export type Extent = z.infer<typeof extentSchema>

const foundSchema = z.discriminatedUnion('what', [
  object({ what: z.literal('zero') }),
  object({ what: z.literal('poison') }).describe('the pattern that the storage was filled with before the driver got it'),
  object({ what: z.literal('other-stamp'), tag: z.number() }).describe("another volume's data"),
  object({ what: z.literal('shifted-stamp'), fromOffset: bytes }).describe("this volume's data, from another offset"),
  object({ what: z.literal('other-write'), generation }).describe(
    'what another write to the volume in use left there; 0 is what it held before',
  ),
  object({ what: z.literal('noise') }),
])

/** The bytes found where others belong. `noise` is anything that holeproof never wrote. */
export type Found = z.infer<typeof foundSchema>

export const differenceSchema = object({
  offset: bytes,
  length: bytes,
  wrong: bytes.describe('the number of bytes in the range that differ'),
  expected: z.enum(['data', 'zero']),
  found: foundSchema,
})
/** A range of wrong bytes: [offset, offset + length) in bytes, of which `wrong` differ. */
export type Difference = z.infer<typeof differenceSchema>

export const wrongPageSchema = object({
  offset: bytes,
  found: z.base64(),
  expected: z.base64().optional().describe('absent if the whole page should be zero'),
}).describe('the first aligned 4 KiB page with a wrong byte')
/** `found` and `expected` are in base64. */
export type WrongPage = z.infer<typeof wrongPageSchema>

export const verificationSchema = object({
  checkedBytes: bytes,
  wrongBytes: bytes,
  differences: list(differenceSchema),
  moreDifferences: z.number().int().nonnegative().describe('the number of ranges left out of differences'),
  byteClasses: list(classRangeSchema).optional().describe('the class of every byte; absent if it changes too often'),
  firstWrongPage: wrongPageSchema.optional(),
})
export type Verification = z.infer<typeof verificationSchema>

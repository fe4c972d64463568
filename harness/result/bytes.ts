import { z } from 'zod'
import { bytes, list, object } from './schema.ts'

/**
 * Where a byte comes from. `data`: the volume's own, where it belongs. `stale`: what lay there before, of another volume or of
 * none. `noise`: what is none of these, as decryption makes it of bytes that were never encrypted.
 */
export const BYTE_CLASSES = ['zero', 'data', 'stale', 'noise'] as const
export type ByteClass = (typeof BYTE_CLASSES)[number]

export const mappedRangeSchema = object({ from: bytes, to: bytes, value: z.literal(true) })
export type MappedRange = z.infer<typeof mappedRangeSchema>
export const classRangeSchema = object({ from: bytes, to: bytes, value: z.enum(BYTE_CLASSES) })
export type ClassRange = z.infer<typeof classRangeSchema>

export const extentSchema = object({ offset: bytes, length: bytes, write: z.enum(['data', 'zeros']) })
/** A part of a volume that its owner wrote: stamped data, or zeros written explicitly. Offset and length in bytes. */
export type Extent = z.infer<typeof extentSchema>

const foundSchema = z.discriminatedUnion('what', [
  object({ what: z.literal('zero') }),
  object({ what: z.literal('poison') }).describe('what lay on the storage before the driver was given it'),
  object({ what: z.literal('other-stamp'), tag: z.number() }).describe("another volume's data"),
  object({ what: z.literal('shifted-stamp'), fromOffset: bytes }).describe("this volume's data, from another offset"),
  object({ what: z.literal('noise') }),
])

/** What lies where something else belongs. `noise` is anything that holeproof never wrote. */
export type Found = z.infer<typeof foundSchema>

export const differenceSchema = object({
  offset: bytes,
  length: bytes,
  wrong: bytes.describe('how many of the bytes in the range differ'),
  expected: z.enum(['data', 'zero']),
  found: foundSchema,
})
/** A range of wrong bytes: [offset, offset + length) in bytes, of which `wrong` differ. */
export type Difference = z.infer<typeof differenceSchema>

export const wrongPageSchema = object({
  offset: bytes,
  found: z.base64(),
  expected: z.base64().optional().describe('absent where all of it should be zero'),
}).describe('the first aligned 4 KiB with a wrong byte in them')
/** `found` and `expected` are in base64. */
export type WrongPage = z.infer<typeof wrongPageSchema>

export const verificationSchema = object({
  checkedBytes: bytes,
  wrongBytes: bytes,
  differences: list(differenceSchema),
  moreDifferences: z.number().int().nonnegative().describe('ranges left out of differences'),
  byteClasses: list(classRangeSchema).optional().describe('where every byte comes from; absent where that changes too often'),
  firstWrongPage: wrongPageSchema.optional(),
})
export type Verification = z.infer<typeof verificationSchema>

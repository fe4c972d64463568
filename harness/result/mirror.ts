import { z } from 'zod'
import { bytes, object } from './schema.ts'

export const mirrorOptionsSchema = object({
  detectZeroes: z.enum(['on', 'unmap']).optional().describe('what becomes of zeros that are written to the destination'),
  discard: z.literal('unmap').optional().describe('discards reach the storage of the destination'),
  copyMode: z.literal('write-blocking').optional().describe('each write goes to both sides before it is acknowledged'),
  targetIsZero: z.literal(true).optional().describe('the destination reads as zeros: the claim, for QEMU 10.1 and later'),
  bufBytes: bytes.optional().describe('the most that is copied at once'),
})
/** The options of QEMU's mirror that decide what becomes of zeros. Nova sets none of them. */
export type MirrorOptions = z.infer<typeof mirrorOptionsSchema>

export const writerSchema = z.enum(['none', 'sequential', 'random', 'overwrite', 'zero-and-discard', 'mixed'])
/** What an instance writes to a volume while that is copied; `mixed`: all of it, in random order. */
export type WriterName = z.infer<typeof writerSchema>

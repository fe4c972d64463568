import { open } from 'node:fs/promises'
import { MiB } from '../units.ts'
import { writePattern } from './pattern.ts'

const PIECE_BYTES = 4 * MiB

export interface PoisonOptions {
  readonly sizeBytes: number
  /** The number of poisoned bytes, from the start; default all. The rest is a hole. */
  readonly poisonBytes?: number
  readonly tag: number
  readonly signal?: AbortSignal
}

/**
 * Makes a poisoned file. A driver gets it as storage before it makes its first volume. Only a pool that zeroes makes such storage read
 * as zeros again.
 */
export async function writePoison(path: string, { sizeBytes, poisonBytes = sizeBytes, tag, signal }: PoisonOptions): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  try {
    const piece = Buffer.alloc(Math.min(PIECE_BYTES, poisonBytes))
    for (let offset = 0; offset < poisonBytes; offset += piece.length) {
      signal?.throwIfAborted()
      const part = piece.subarray(0, Math.min(piece.length, poisonBytes - offset))
      writePattern(part, { kind: 'poison', tag }, offset)
      await file.write(part, 0, part.length, offset)
    }
    await file.truncate(sizeBytes)
  } finally {
    await file.close()
  }
}

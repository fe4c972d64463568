import { open } from 'node:fs/promises'
import { writePattern } from './pattern.ts'

const PIECE_BYTES = 4 * 1024 * 1024

/**
 * Makes a file of `sizeBytes` that is poisoned from end to end: the storage a driver is given before it makes its first
 * volume. Only a pool that zeroes makes such storage read as zeros again.
 */
export async function writePoison(path: string, sizeBytes: number, tag: number, signal?: AbortSignal): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  try {
    const piece = Buffer.alloc(Math.min(PIECE_BYTES, sizeBytes))
    for (let offset = 0; offset < sizeBytes; offset += piece.length) {
      signal?.throwIfAborted()
      const part = piece.subarray(0, Math.min(piece.length, sizeBytes - offset))
      writePattern(part, { kind: 'poison', tag }, offset)
      await file.write(part, 0, part.length, offset)
    }
  } finally {
    await file.close()
  }
}

import { closeSync, write } from 'node:fs'
import { open } from 'node:fs/promises'
import { promisify } from 'node:util'
import { writePattern } from '../content/pattern.ts'
import { MiB } from '../units.ts'
import { alignedBuffer, openDirect, PAGE_BYTES } from './direct_io.ts'

const PIECE_BYTES = 4 * MiB
const writeAt = promisify(write)

export interface PoisonOptions {
  readonly sizeBytes: number
  /** The number of poisoned bytes, from the start; default all. The rest is a hole. */
  readonly poisonBytes?: number
  readonly tag: number
  readonly signal?: AbortSignal
}

/**
 * Makes a poisoned file. A driver gets it as storage before it makes its first volume. Only a pool that zeroes makes such storage read
 * as zeros again. Whole pages are written past the page cache: in a virtual machine that has not used its memory yet, a GiB took 4 s in
 * the cache, and 0.8 s past it.
 */
export async function writePoison(path: string, { sizeBytes, poisonBytes = sizeBytes, tag, signal }: PoisonOptions): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  const direct = openDirect(path)
  try {
    const piece = alignedBuffer(PIECE_BYTES)
    for (let offset = 0; offset < poisonBytes; ) {
      signal?.throwIfAborted()
      const left = Math.min(piece.length, poisonBytes - offset)
      const isWhole = left >= PAGE_BYTES && offset % PAGE_BYTES === 0
      const part = piece.subarray(0, isWhole ? left - (left % PAGE_BYTES) : left)
      writePattern(part, { kind: 'poison', tag }, offset)
      const { bytesWritten } = await writeAt(isWhole && direct !== undefined ? direct : file.fd, part, 0, part.length, offset)
      if (bytesWritten === 0) throw new Error(`${path} takes no more than ${offset} of ${poisonBytes} bytes`)
      offset += bytesWritten
    }
    await file.truncate(sizeBytes)
  } finally {
    if (direct !== undefined) closeSync(direct)
    await file.close()
  }
}

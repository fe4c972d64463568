import { KiB } from '../units.ts'
import { identifySector, type Pattern, writePattern } from './pattern.ts'

export const POISON_PAGE_BYTES = 4 * KiB

/**
 * Finds the pages of a piece of storage that do not hold poison, whoever wrote it. Returns their offsets in the piece, in bytes. The
 * piece is a whole number of pages.
 */
export function pagesWithoutPoison(piece: Buffer): number[] {
  const expected = Buffer.alloc(piece.length)
  const found: number[] = []
  const look = (from: number, to: number) => {
    const poison = poisonAt(piece, from)
    if (poison !== undefined) {
      const part = expected.subarray(from, to)
      writePattern(part, poison, poison.offset)
      if (part.compare(piece, from, to) === 0) return
    }
    if (to - from <= POISON_PAGE_BYTES) {
      found.push(from)
      return
    }
    const part = Math.max(POISON_PAGE_BYTES, Math.ceil((to - from) / PARTS / POISON_PAGE_BYTES) * POISON_PAGE_BYTES)
    for (let start = from; start < to; start += part) look(start, Math.min(start + part, to))
  }
  look(0, piece.length)
  return found
}

/** The number of parts into which a range that is not one poison is divided. */
const PARTS = 16

function poisonAt(piece: Buffer, at: number): (Pattern & { readonly offset: number }) | undefined {
  const sector = piece.subarray(at, at + 512)
  const found = identifySector(sector, sector.subarray(0, 0))
  return found?.kind === 'poison' ? found : undefined
}

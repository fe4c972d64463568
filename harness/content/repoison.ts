import { KiB } from '../units.ts'
import { claimedPoison, writePattern } from './pattern.ts'
import { type Range, range } from './ranges.ts'

const PAGE_BYTES = 4 * KiB
/** The number of parts into which a range that is not one poison is divided. */
const PARTS = 16

/** Finds the pages of storage that do not hold poison, whoever wrote it. */
export class PoisonScanner {
  private expected = Buffer.alloc(0)

  /** Returns the ranges of a piece, in bytes, whose pages do not hold poison. The piece is a whole number of pages. */
  rangesWithoutPoison(piece: Buffer): Range<true>[] {
    if (this.expected.length < piece.length) this.expected = Buffer.alloc(piece.length)
    const found: Range<true>[] = []
    const add = (from: number, to: number) => {
      const last = found.at(-1)
      if (last?.to === from) found[found.length - 1] = { ...last, to }
      else found.push(...range<true>(from, to, true))
    }
    const look = (from: number, to: number) => {
      if (this.isPoison(piece, from, to)) return
      if (to - from <= PAGE_BYTES) return add(from, to)
      const part = Math.max(PAGE_BYTES, Math.ceil((to - from) / PARTS / PAGE_BYTES) * PAGE_BYTES)
      for (let start = from; start < to; start += part) look(start, Math.min(start + part, to))
    }
    look(0, piece.length)
    return found
  }

  private isPoison(piece: Buffer, from: number, to: number): boolean {
    const claimed = claimedPoison(piece, from)
    if (claimed === undefined) return false
    const expected = this.expected.subarray(from, to)
    writePattern(expected, claimed, claimed.offset)
    return expected.compare(piece, from, to) === 0
  }
}

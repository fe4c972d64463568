import type { ByteClass } from '../result/bytes.ts'
import { SECTOR_BYTES } from '../units.ts'
import { type FoundPattern, identifySector, writePattern } from './pattern.ts'
import type { Range, RangeMap } from './ranges.ts'

/** The number of parts into which a range of mixed bytes is divided. */
const PARTS = 8

/** Classifies every byte of a volume that is fed piece by piece, in order. Does no I/O. */
export class ByteClassifier {
  private readonly tag: number
  private readonly mostRanges: number
  private readonly ranges: Range<ByteClass>[] = []
  private at = 0
  private zeros = Buffer.alloc(0)
  private stamp = Buffer.alloc(0)
  private stale = Buffer.alloc(0)
  /** The pattern of the last stale sector. The next sector is likely to continue it. */
  private lastFound: FoundPattern | undefined

  /** `tag` is that of the volume's own stamp. The map is dropped if it has more than `mostRanges`. */
  constructor(tag: number, mostRanges: number) {
    this.tag = tag
    this.mostRanges = mostRanges
  }

  /** `piece` follows the previous one. Every piece but the last is a multiple of 512 bytes. */
  push(piece: Uint8Array): void {
    if (this.zeros.length < piece.length) {
      this.zeros = Buffer.alloc(piece.length)
      this.stamp = Buffer.alloc(piece.length)
      this.stale = Buffer.alloc(piece.length)
    }
    const bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.length)
    if (this.zeros.compare(bytes, 0, bytes.length, 0, bytes.length) === 0) this.add(0, bytes.length, 'zero')
    else {
      writePattern(this.stamp.subarray(0, bytes.length), { kind: 'stamp', tag: this.tag }, this.at)
      this.look(bytes, 0, bytes.length)
    }
    this.at += piece.length
  }

  /** The map of byte classes; undefined if it has too many ranges. */
  end(): RangeMap<ByteClass> | undefined {
    return this.ranges.length > this.mostRanges ? undefined : this.ranges
  }

  private look(piece: Buffer, from: number, to: number): void {
    if (this.zeros.compare(piece, from, to, from, to) === 0) this.add(from, to, 'zero')
    else if (this.stamp.compare(piece, from, to, from, to) === 0) this.add(from, to, 'data')
    else if (this.goesOnStale(piece, from, to)) this.add(from, to, 'stale')
    else if (to - from <= SECTOR_BYTES) this.lookAtSector(piece, from, to)
    else {
      const part = Math.max(SECTOR_BYTES, Math.ceil((to - from) / PARTS / SECTOR_BYTES) * SECTOR_BYTES)
      for (let start = from; start < to; start += part) this.look(piece, start, Math.min(start + part, to))
    }
  }

  /** Classifies data and stale bytes among zeros one by one. A sector of anything else is noise as a whole. */
  private lookAtSector(piece: Buffer, from: number, to: number): void {
    const sector = piece.subarray(from, to)
    const isOwn = sector.every((byte, index) => byte === 0 || byte === this.stamp[from + index])
    const value = isOwn ? 'data' : this.identify(sector, this.at + from)
    if (value === 'noise') this.add(from, to, value)
    else {
      for (let start = from; start < to; ) {
        const isZero = piece[start] === 0
        let end = start + 1
        while (end < to && (piece[end] === 0) === isZero) end++
        this.add(start, end, isZero ? 'zero' : value)
        start = end
      }
    }
  }

  /** Returns true if the whole range continues the pattern of the stale sector before it. */
  private goesOnStale(piece: Buffer, from: number, to: number): boolean {
    const { lastFound } = this
    const last = this.ranges.at(-1)
    if (lastFound === undefined || last?.value !== 'stale' || last.to !== this.at + from) return false
    const stale = this.stale.subarray(0, to - from)
    writePattern(stale, lastFound, lastFound.offset + SECTOR_BYTES)
    if (stale.compare(piece, from, to) !== 0) return false
    this.lastFound = { ...lastFound, offset: lastFound.offset + to - from }
    return true
  }

  /** A write to the volume in use is its own data, whichever write it is. */
  private identify(sector: Buffer, offset: number): ByteClass {
    const found = identifySector(sector, this.zeros)
    const isOwn = found?.kind === 'stamp' && found.tag === this.tag && found.offset === offset
    this.lastFound = isOwn ? undefined : found
    if (isOwn) return 'data'
    return found === undefined ? 'noise' : 'stale'
  }

  private add(from: number, to: number, value: ByteClass): void {
    const last = this.ranges.at(-1)
    if (last !== undefined && last.value === value && last.to === this.at + from)
      this.ranges[this.ranges.length - 1] = { ...last, to: this.at + to }
    else if (this.ranges.length <= this.mostRanges) this.ranges.push({ from: this.at + from, to: this.at + to, value })
  }
}

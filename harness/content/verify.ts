import type { Difference, Extent, Found, Verification, WrongPage } from '../result/bytes.ts'
import { KiB, SECTOR_BYTES } from '../units.ts'
import type { Content } from './content.ts'
import { type FoundPattern, identifySector, writePattern } from './pattern.ts'
import { writeSignatures } from './signatures.ts'

const MOST_DIFFERENCES = 64
const PAGE_BYTES = 4 * KiB
const NOTHING = Buffer.alloc(SECTOR_BYTES)

/** Compares a volume that is fed piece by piece, in order, with its expected content. Does no I/O. */
export class Verifier {
  private readonly content: Content
  private readonly differences: Difference[] = []
  private at = 0
  private wrongBytes = 0
  private moreDifferences = 0
  private firstWrongPage: WrongPage | undefined
  private open: Difference | undefined
  private expected = Buffer.alloc(0)
  private nextExtent = 0
  /** The pattern of the last wrong sector. */
  private lastFound: FoundPattern | undefined
  private next = NOTHING
  private zeros = NOTHING
  private readonly other = Buffer.alloc(SECTOR_BYTES)

  constructor(content: Content) {
    this.content = content
  }

  /** `piece` follows the previous one. Every piece but the last is a multiple of 512 bytes. */
  push(piece: Uint8Array): void {
    if (this.expected.length < piece.length) this.expected = Buffer.alloc(piece.length)
    const expected = this.expected.subarray(0, piece.length)
    this.fillExpected(expected)
    const actual = Buffer.from(piece.buffer, piece.byteOffset, piece.length)
    if (!expected.equals(actual)) this.compareSectors(expected, actual)
    this.at += piece.length
  }

  end(): Verification {
    this.close()
    return {
      checkedBytes: this.at,
      wrongBytes: this.wrongBytes,
      differences: this.differences,
      moreDifferences: this.moreDifferences,
      firstWrongPage: this.firstWrongPage,
    }
  }

  private fillExpected(target: Buffer): void {
    target.fill(0)
    const end = this.at + target.length
    const { extents } = this.content
    for (let index = this.nextExtent; index < extents.length; index++) {
      const extent = extents[index]
      if (extent === undefined || extent.offset >= end) break
      this.writeExtent(extent, target, this.at)
      if (extent.offset + extent.length <= end) this.nextExtent = index + 1
    }
  }

  /** Writes what an extent leaves in a part of the volume that begins at `start`. */
  private writeExtent({ offset, length, write, generation = 0 }: Extent, target: Buffer, start: number): void {
    const from = Math.max(offset, start)
    const to = Math.min(offset + length, start + target.length)
    if (write !== 'data' || from >= to) return
    const { tag, signatures } = this.content
    const part = target.subarray(from - start, to - start)
    writePattern(part, { kind: 'stamp', tag, generation }, from)
    if (signatures !== undefined) writeSignatures(part, signatures, from)
  }

  /** Returns whether a sector that is not what it should be holds what may be there instead. */
  private isAllowed(actual: Buffer, start: number, end: number): boolean {
    const from = this.at + start
    const to = this.at + end
    return (this.content.or ?? []).some((layer) => {
      const covering = layer.filter(({ offset, length }) => offset < to && offset + length > from)
      const covered = covering.reduce((sum, { offset, length }) => sum + Math.min(offset + length, to) - Math.max(offset, from), 0)
      if (covered < to - from) return false
      const other = this.other.subarray(0, to - from).fill(0)
      for (const extent of covering) this.writeExtent(extent, other, from)
      return other.compare(actual, start, end) === 0
    })
  }

  private compareSectors(expected: Buffer, actual: Buffer): void {
    // Stale bytes often fill all of a volume. Sector by sector, that takes twenty times as long.
    let stride = SECTOR_BYTES
    for (let start = 0, end: number; start < actual.length; start = end) {
      end = Math.min(start + stride, actual.length)
      if (stride > SECTOR_BYTES && this.goesOn(expected, actual, start, end)) {
        stride *= 2
        continue
      }
      stride = SECTOR_BYTES
      end = Math.min(start + stride, actual.length)
      if (expected.compare(actual, start, end, start, end) === 0 || this.isAllowed(actual, start, end)) continue
      this.firstWrongPage ??= this.pageAround(expected, actual, start)
      if (!this.goesOn(expected, actual, start, end))
        this.addSector(expected.subarray(start, end), actual.subarray(start, end), this.at + start)
      else if (this.content.or === undefined) stride *= 2
    }
  }

  /** The page around a byte of this piece, as far as the piece holds it. */
  private pageAround(expected: Buffer, actual: Buffer, index: number): WrongPage {
    const offset = Math.floor((this.at + index) / PAGE_BYTES) * PAGE_BYTES
    const from = Math.max(0, offset - this.at)
    const to = Math.min(actual.length, offset + PAGE_BYTES - this.at)
    const isZero = expected.subarray(from, to).every((byte) => byte === 0)
    return {
      offset: this.at + from,
      found: actual.toString('base64', from, to),
      ...(!isZero && { expected: expected.toString('base64', from, to) }),
    }
  }

  /** Extends the open difference if whole sectors in place of zeros continue the previous one; returns whether they did. */
  private goesOn(expected: Buffer, actual: Buffer, start: number, end: number): boolean {
    const { open, lastFound } = this
    const length = end - start
    const isNext = open !== undefined && open.expected === 'zero' && open.offset + open.length === this.at + start
    if (!isNext || lastFound === undefined || length % SECTOR_BYTES !== 0) return false
    if (this.next.length < actual.length) {
      this.next = Buffer.alloc(actual.length)
      this.zeros = Buffer.alloc(actual.length)
    }
    if (this.zeros.compare(expected, start, end, 0, length) !== 0) return false
    const next = this.next.subarray(0, length)
    writePattern(next, lastFound, lastFound.offset + SECTOR_BYTES)
    if (next.compare(actual, start, end) !== 0) return false
    this.lastFound = { ...lastFound, offset: lastFound.offset + length }
    this.wrongBytes += length
    this.open = { ...open, length: open.length + length, wrong: open.wrong + length }
    return true
  }

  private addSector(expected: Buffer, actual: Buffer, offset: number): void {
    let first = -1
    let last = -1
    let wrong = 0
    for (let index = 0; index < actual.length; index++) {
      if (actual[index] === expected[index]) continue
      if (first < 0) first = index
      last = index
      wrong++
    }
    this.wrongBytes += wrong
    const difference: Difference = {
      offset: offset + first,
      length: last - first + 1,
      wrong,
      expected: expected.subarray(first, last + 1).every((byte) => byte === 0) ? 'zero' : 'data',
      found: this.identify(actual, expected, first, last, offset),
    }
    const open = this.open
    if (open !== undefined && continues(open, difference)) {
      this.open = { ...open, length: difference.offset + difference.length - open.offset, wrong: open.wrong + wrong }
    } else {
      this.close()
      this.open = difference
    }
  }

  private identify(actual: Buffer, expected: Buffer, first: number, last: number, offset: number): Found {
    if (actual.subarray(first, last + 1).every((byte) => byte === 0)) return { what: 'zero' }
    const pattern = identifySector(actual, expected)
    this.lastFound = pattern
    if (pattern === undefined) return { what: 'noise' }
    if (pattern.kind === 'poison') return { what: 'poison' }
    if (pattern.tag !== this.content.tag) return { what: 'other-stamp', tag: pattern.tag }
    return pattern.offset === offset
      ? { what: 'other-write', generation: pattern.generation }
      : { what: 'shifted-stamp', fromOffset: pattern.offset }
  }

  private close(): void {
    if (this.open === undefined) return
    if (this.differences.length < MOST_DIFFERENCES) this.differences.push(this.open)
    else this.moreDifferences++
    this.open = undefined
  }
}

function continues(open: Difference, next: Difference): boolean {
  if (open.expected !== next.expected || open.found.what !== next.found.what) return false
  const gap = next.offset - (open.offset + open.length)
  if (gap >= SECTOR_BYTES) return false
  if (open.found.what === 'other-stamp' && next.found.what === 'other-stamp') return open.found.tag === next.found.tag
  if (open.found.what === 'other-write' && next.found.what === 'other-write') return open.found.generation === next.found.generation
  if (open.found.what === 'shifted-stamp' && next.found.what === 'shifted-stamp') {
    return (
      next.found.fromOffset - open.found.fromOffset ===
      Math.floor(next.offset / SECTOR_BYTES) * SECTOR_BYTES - Math.floor(open.offset / SECTOR_BYTES) * SECTOR_BYTES
    )
  }
  return true
}

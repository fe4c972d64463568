import type { Content } from './content.ts'
import type { Origin } from './origin.ts'
import { identifySector, SECTOR_BYTES, writePattern } from './pattern.ts'
import type { Runs } from './runs.ts'

/** What lies where something else should: see DESIGN's words. `noise` is anything that holeproof never wrote. */
export type Found =
  | { what: 'zero' }
  | { what: 'poison' }
  | { what: 'other-stamp'; tag: number }
  | { what: 'shifted-stamp'; fromOffset: number }
  | { what: 'noise' }

/** A run of wrong bytes: [offset, offset + length) in bytes, of which `wrong` differ. */
export interface Difference {
  readonly offset: number
  readonly length: number
  readonly wrong: number
  readonly expected: 'data' | 'zero'
  readonly found: Found
}

export interface Verification {
  readonly checkedBytes: number
  readonly wrongBytes: number
  /** The first differences by offset; `moreDifferences` counts those left out. */
  readonly differences: readonly Difference[]
  readonly moreDifferences: number
}

/** A verification, and where every byte comes from; no survey when that changes too often to be told. */
export interface Surveyed extends Verification {
  readonly survey?: Runs<Origin>
}

const MOST_DIFFERENCES = 64

/** Compares a volume, fed piece by piece in order, with what it should hold. Pure: no I/O. */
export class Verifier {
  private readonly content: Content
  private readonly differences: Difference[] = []
  private at = 0
  private wrongBytes = 0
  private moreDifferences = 0
  private open: Difference | undefined
  private expected = Buffer.alloc(0)
  private nextExtent = 0

  constructor(content: Content) {
    this.content = content
  }

  /** `piece` follows the one before it; every piece but the last is a multiple of 512 bytes. */
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
    }
  }

  private fillExpected(target: Buffer): void {
    target.fill(0)
    const end = this.at + target.length
    const { extents, tag } = this.content
    for (let index = this.nextExtent; index < extents.length; index++) {
      const extent = extents[index]
      if (extent === undefined || extent.offset >= end) break
      const from = Math.max(extent.offset, this.at)
      const to = Math.min(extent.offset + extent.length, end)
      if (extent.write === 'data' && from < to) writePattern(target.subarray(from - this.at, to - this.at), { kind: 'stamp', tag }, from)
      if (extent.offset + extent.length <= end) this.nextExtent = index + 1
    }
  }

  private compareSectors(expected: Buffer, actual: Buffer): void {
    for (let start = 0; start < actual.length; start += SECTOR_BYTES) {
      const end = Math.min(start + SECTOR_BYTES, actual.length)
      if (expected.compare(actual, start, end, start, end) !== 0)
        this.addSector(expected.subarray(start, end), actual.subarray(start, end), this.at + start)
    }
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
      found: this.identify(actual, expected, first, last),
    }
    const open = this.open
    if (open !== undefined && continues(open, difference)) {
      this.open = { ...open, length: difference.offset + difference.length - open.offset, wrong: open.wrong + wrong }
    } else {
      this.close()
      this.open = difference
    }
  }

  private identify(actual: Buffer, expected: Buffer, first: number, last: number): Found {
    if (actual.subarray(first, last + 1).every((byte) => byte === 0)) return { what: 'zero' }
    const pattern = identifySector(actual, expected)
    if (pattern === undefined) return { what: 'noise' }
    if (pattern.kind === 'poison') return { what: 'poison' }
    return pattern.tag === this.content.tag
      ? { what: 'shifted-stamp', fromOffset: pattern.offset }
      : { what: 'other-stamp', tag: pattern.tag }
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
  if (open.found.what === 'shifted-stamp' && next.found.what === 'shifted-stamp') {
    return (
      next.found.fromOffset - open.found.fromOffset ===
      Math.floor(next.offset / SECTOR_BYTES) * SECTOR_BYTES - Math.floor(open.offset / SECTOR_BYTES) * SECTOR_BYTES
    )
  }
  return true
}

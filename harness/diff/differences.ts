import { PAGE_BYTES } from '../helper/direct_io.ts'
import type { Diff, DifferingRange, Held } from '../result/diff.ts'
import { MiB, SECTOR_BYTES } from '../units.ts'

/** So many ranges are kept; the others are counted. */
export const MOST_RANGES = 1000

/** Finds the ranges in which two volumes differ, from pieces of both that come in the order of the volumes. Pure. */
export class Differences {
  private readonly ranges: DifferingRange[] = []
  private open: DifferingRange | undefined
  private moreRanges = 0
  private differingBytes = 0
  private firstPage: Diff['firstPage']

  /** Takes the next pieces, which are equally long and begin at the same byte `at` of both volumes, a multiple of a page. */
  push(source: Uint8Array, destination: Uint8Array, at: number): void {
    if (Buffer.compare(source, destination) === 0) return
    for (let from = 0; from < source.length; from += SECTOR_BYTES) {
      const [one, other] = [source.subarray(from, from + SECTOR_BYTES), destination.subarray(from, from + SECTOR_BYTES)]
      if (Buffer.compare(one, other) === 0) continue
      this.firstPage ??= pageOf(source, destination, at, from)
      this.add({ offset: at + from, length: one.length, source: heldBy(one), destination: heldBy(other) })
    }
  }

  end(): Pick<Diff, 'differingBytes' | 'ranges' | 'moreRanges' | 'firstPage'> {
    this.close()
    const { differingBytes, ranges, moreRanges, firstPage } = this
    return { differingBytes, ranges, moreRanges, ...(firstPage !== undefined && { firstPage }) }
  }

  private add(sector: DifferingRange): void {
    this.differingBytes += sector.length
    const { open } = this
    const continues =
      open !== undefined &&
      open.offset + open.length === sector.offset &&
      open.source === sector.source &&
      open.destination === sector.destination
    if (continues) this.open = { ...open, length: open.length + sector.length }
    else {
      this.close()
      this.open = sector
    }
  }

  private close(): void {
    if (this.open === undefined) return
    if (this.ranges.length < MOST_RANGES) this.ranges.push(this.open)
    else this.moreRanges++
    this.open = undefined
  }
}

/** The bytes of the sectors of a piece that hold anything but zeros, and the first of these bytes. Pure. */
export function dataIn(piece: Uint8Array): { readonly bytes: number; readonly first?: number } {
  if (isZero(piece)) return { bytes: 0 }
  let bytes = 0
  for (let from = 0; from < piece.length; from += SECTOR_BYTES) {
    const sector = piece.subarray(from, from + SECTOR_BYTES)
    if (!isZero(sector)) bytes += sector.length
  }
  return { bytes, first: piece.findIndex((byte) => byte !== 0) }
}

const ZEROS = new Uint8Array(MiB)

function isZero(piece: Uint8Array): boolean {
  for (let from = 0; from < piece.length; from += ZEROS.length) {
    const part = piece.subarray(from, from + ZEROS.length)
    if (Buffer.compare(part, ZEROS.subarray(0, part.length)) !== 0) return false
  }
  return true
}

function heldBy(sector: Uint8Array): Held {
  return isZero(sector) ? 'zeros' : 'data'
}

function pageOf(source: Uint8Array, destination: Uint8Array, at: number, from: number): Diff['firstPage'] {
  const start = from - (from % PAGE_BYTES)
  const text = (side: Uint8Array) => Buffer.from(side.subarray(start, start + PAGE_BYTES)).toString('base64')
  return { offset: at + start, source: text(source), destination: text(destination) }
}

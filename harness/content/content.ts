import type { Extent } from '../result/bytes.ts'
import type { Signature } from './signatures.ts'

/** The content of a volume: its written extents, sorted and disjoint. Everything else reads as zero. JSON can carry it. */
export interface Content {
  readonly sizeBytes: number
  /** The stamp's tag. */
  readonly tag: number
  readonly extents: readonly Extent[]
  /** What other programs would recognise, instead of the stamp at these places. */
  readonly signatures?: readonly Signature[]
  /** What whole sectors may hold instead: each a layer of sorted and disjoint extents. */
  readonly or?: readonly (readonly Extent[])[]
}

/** The extents of a volume that is data throughout. */
export function wholly(sizeBytes: number): Extent[] {
  return [{ offset: 0, length: sizeBytes, write: 'data' }]
}

/** The number of aligned blocks that hold at least one byte of data. A sparse copy writes these. */
export function dataBlocks({ sizeBytes, extents }: Content, blockBytes: number): number {
  let count = 0
  let next = 0
  for (const { offset, length, write } of extents) {
    if (write === 'zeros' || length === 0) continue
    const first = Math.max(next, Math.floor(offset / blockBytes))
    const last = Math.floor((Math.min(offset + length, sizeBytes) - 1) / blockBytes)
    if (last < first) continue
    count += last - first + 1
    next = last + 1
  }
  return count
}

import type { Content } from '../content/content.ts'
import type { Extent } from '../result/bytes.ts'
import { GiB, KiB, MiB } from '../units.ts'

/** Cinder's volumes are whole GiB. */
export const VOLUME_BYTES = GiB

/**
 * The data of a volume: its start, a piece in every 64 MiB that begins and ends within one of dd's blocks, and its end where `tail` is set.
 */
export function contentOf(tag: number, tail: boolean): Content {
  const pieces = Array.from({ length: VOLUME_BYTES / (64 * MiB) }, (_, index): Extent => {
    const offset = index * 64 * MiB + 5 * MiB + (index % 7) * 68 * KiB
    return { offset, length: MiB + 4 * KiB * ((index % 5) + 1), write: 'data' }
  })
  const ends: Extent[] = tail ? [{ offset: VOLUME_BYTES - 64 * KiB, length: 64 * KiB, write: 'data' }] : []
  return { sizeBytes: VOLUME_BYTES, tag, extents: [{ offset: 0, length: 2 * MiB, write: 'data' }, ...pieces, ...ends] }
}

/** The same volume cut off: what a smaller one can hold of it. */
export function firstBytesOf(content: Content, sizeBytes: number): Content {
  const extents = content.extents.flatMap((extent) =>
    extent.offset >= sizeBytes ? [] : [{ ...extent, length: Math.min(extent.length, sizeBytes - extent.offset) }],
  )
  return { ...content, sizeBytes, extents }
}

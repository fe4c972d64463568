import type { Content } from '../content/content.ts'
import { filled, joined, type Range, type RangeMap } from '../content/ranges.ts'
import type { ByteClass, Extent } from '../result/bytes.ts'

/** The bytes that a volume's owner wrote; the map has gaps where it wrote nothing. */
export function writtenRanges(extents: readonly Extent[], as: 'data' | 'stale' = 'data'): RangeMap<ByteClass> {
  const ranges = extents.map(
    ({ offset, length, write }): Range<ByteClass> => ({
      from: offset,
      to: offset + length,
      value: write === 'data' ? as : 'zero',
    }),
  )
  return joined(ranges)
}

/** The bytes that a volume must read as: those written, and zeros elsewhere. */
export function expectedRanges({ sizeBytes, extents }: Pick<Content, 'sizeBytes' | 'extents'>): RangeMap<ByteClass> {
  return filled(writtenRanges(extents), 0, sizeBytes, 'zero')
}

import type { Content } from '../content/content.ts'
import { clip, filterRanges, lengthOf, overlay, type RangeMap, scaled, subtract, toMask, touched } from '../content/ranges.ts'
import type { MirrorOptions } from '../result/mirror.ts'
import { expectedRanges, writtenRanges } from './byte_ranges.ts'
import type { Prediction } from './copy_case.ts'
import { GRANULARITY_BYTES } from './mirror.ts'

/** The writes to a volume while it migrated. */
export interface Writes {
  /** What the volume must hold after them. */
  readonly held: Content
  /** The ranges that any of them covered. */
  readonly touched: RangeMap<true>
}

/** What has storage on a destination that an instance wrote to while it was copied: everything in `least`, nothing beyond `most`. */
export interface MappedBounds {
  readonly least: RangeMap<true>
  readonly most: RangeMap<true>
}

/**
 * The bounds of a thin destination, which maps whole chunks. When a write came, and whether the mirror had copied its place before, is
 * chance; a mirror that writes every zero leaves nothing to it.
 */
export function mappedBounds(
  { destinationMapped }: Prediction,
  options: MirrorOptions,
  { held, touched: written }: Writes,
  chunkBytes: number,
): MappedBounds {
  const whole = (ranges: RangeMap<unknown>, grain: number) => scaled(touched(ranges, grain), grain)
  const chunks = (ranges: RangeMap<unknown>) => whole(whole(ranges, GRANULARITY_BYTES), chunkBytes)
  // A discard may have freed what it covered.
  const uncertain = (held.or ?? []).reduce<RangeMap<true>>((some, layer) => overlay(some, toMask(writtenRanges(layer))), [])
  const data = chunks(
    subtract(
      filterRanges(expectedRanges(held), (value) => value === 'data'),
      uncertain,
    ),
  )
  const writesZeros = options.detectZeroes === undefined && options.targetIsZero === undefined && options.discard === undefined
  return {
    least: writesZeros ? destinationMapped : data,
    most: toMask(chunks(overlay(destinationMapped, written))),
  }
}

/** What is mapped and should not be, or should be and is not; empty within the bounds. */
export function outside({ least, most }: MappedBounds, mapped: RangeMap<true>, sizeBytes: number): { more: number; less: number } {
  const within = (ranges: RangeMap<true>) => clip(ranges, 0, sizeBytes)
  return { more: lengthOf(subtract(within(mapped), most)), less: lengthOf(subtract(within(least), mapped)) }
}

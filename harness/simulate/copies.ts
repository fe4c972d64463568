import { clip, lengthOf, type RangeMap, scaled, touched } from '../content/ranges.ts'
import { exactly, inGrains } from '../model/amount.ts'
import type { Amount } from '../result/forecast.ts'

/** The data of a volume: its ranges in bytes, or only the number of units of `unitBytes`, lying anywhere. */
export type Content =
  | { readonly kind: 'mapped'; readonly unitBytes: number; readonly ranges: RangeMap<true> }
  | { readonly kind: 'counted'; readonly unitBytes: number; readonly units: Amount }

/** The way a pool gives storage to a volume. */
export interface Storing {
  /** The size of its chunks, extents or file system blocks, in bytes. */
  readonly grainBytes: number
  /** True if a volume takes its whole size from the beginning. */
  readonly whole: boolean
}

/** The cost and the result of a copy, in bytes. */
export interface Copy {
  readonly read: Amount
  readonly written: Amount
  /** The space that the destination takes in its pool. */
  readonly taken: Amount
  /** The content that the destination has mapped afterwards. */
  readonly mapped: Content
}

/** A copy of every byte. */
export function fullCopy(sizeBytes: number, to: Storing): Copy {
  const taken = exactly(inGrains(sizeBytes, to.grainBytes))
  return { read: exactly(sizeBytes), written: exactly(sizeBytes), taken, mapped: allOf(sizeBytes, to.grainBytes) }
}

export function allOf(sizeBytes: number, unitBytes: number): Content {
  return { kind: 'counted', unitBytes, units: exactly(Math.ceil(sizeBytes / unitBytes)) }
}

/** The size of a volume's content, in whole units. */
export function bytesOf(content: Content): Amount {
  if (content.kind === 'mapped') return exactly(lengthOf(content.ranges))
  return { least: content.units.least * content.unitBytes, most: content.units.most * content.unitBytes }
}

/**
 * A copy that writes the blocks with data and skips the others. `reads` says whether it reads the whole volume to find them. For
 * counted content, the least assumes that the data lies together, and the most that every unit lies in blocks of its own.
 */
export function skippingCopy(content: Content, sizeBytes: number, blockBytes: number, to: Storing, reads: 'all' | 'data'): Copy {
  if (content.kind === 'mapped') {
    const blocks = clip(scaled(touched(content.ranges, blockBytes), blockBytes), 0, sizeBytes)
    const mapped = scaled(touched(blocks, to.grainBytes), to.grainBytes)
    const written = exactly(lengthOf(blocks))
    return {
      read: reads === 'all' ? exactly(sizeBytes) : written,
      written,
      taken: exactly(to.whole ? inGrains(sizeBytes, to.grainBytes) : lengthOf(mapped)),
      mapped: { kind: 'mapped', unitBytes: to.grainBytes, ranges: mapped },
    }
  }
  const { unitBytes, units } = content
  const span = spanOf(unitBytes, blockBytes)
  const written = {
    least: leastWritten(units.least * unitBytes - overhang(sizeBytes, unitBytes), sizeBytes, blockBytes),
    most: Math.min(units.most * span.bytes, sizeBytes),
  }
  const all = Math.ceil(sizeBytes / to.grainBytes)
  const grains = {
    least: to.whole ? all : Math.ceil(written.least / to.grainBytes),
    most: to.whole ? all : Math.min(units.most * mostTouched(span, to.grainBytes), all),
  }
  return {
    read: reads === 'all' ? exactly(sizeBytes) : written,
    written,
    taken: { least: grains.least * to.grainBytes, most: grains.most * to.grainBytes },
    mapped: { kind: 'counted', unitBytes: to.grainBytes, units: grains },
  }
}

/** The bytes by which a volume's last unit reaches past its end. */
function overhang(sizeBytes: number, unitBytes: number): number {
  return inGrains(sizeBytes, unitBytes) - sizeBytes
}

/** The fewest bytes of whole blocks that hold so much data. The volume's last block may be short. */
function leastWritten(dataBytes: number, sizeBytes: number, blockBytes: number): number {
  if (dataBytes <= 0) return 0
  const tail = sizeBytes % blockBytes
  const withTail = tail + inGrains(Math.max(0, dataBytes - tail), blockBytes)
  return Math.min(inGrains(dataBytes, blockBytes), withTail, sizeBytes)
}

interface Span {
  readonly bytes: number
  /** True if it begins at a multiple of its length. */
  readonly aligned: boolean
}

/** The blocks that a unit may touch, as one span. */
function spanOf(unitBytes: number, blockBytes: number): Span {
  if (blockBytes % unitBytes === 0 || unitBytes % blockBytes === 0) return { bytes: Math.max(unitBytes, blockBytes), aligned: true }
  return { bytes: (Math.ceil(unitBytes / blockBytes) + 1) * blockBytes, aligned: false }
}

function mostTouched({ bytes, aligned }: Span, grainBytes: number): number {
  if (aligned && grainBytes % bytes === 0) return 1
  if (aligned && bytes % grainBytes === 0) return bytes / grainBytes
  return Math.ceil(bytes / grainBytes) + 1
}

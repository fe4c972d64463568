import {
  clip,
  contained,
  filterRanges,
  intersect,
  joined,
  lengthOf,
  overlay,
  type Range,
  type RangeMap,
  range,
  scaled,
  subtract,
  toMask,
  touched,
} from '../content/ranges.ts'
import type { ByteClass } from '../result/bytes.ts'
import type { CopySpec } from '../result/copy.ts'
import { KiB, MiB } from '../units.ts'
import type { Copied } from './copied.ts'
import { FileVolume, type ModelVolume } from './volume.ts'

/** The unit of the mirror's dirty bitmap: what it copies, and what a write makes it copy again. */
export const GRANULARITY_BYTES = 64 * KiB
/** The most that it copies at once, unless it is told otherwise. */
const MOST_BYTES = MiB

/** How much of the start of a file QEMU reads to find out that all of it is zero; from there on it looks for holes only. */
const HEAD_BYTES = 128 * KiB

type MirrorSpec = Extract<CopySpec, { how: 'mirror' }>

/** Since 10.1 it finds out by itself that a new file reads as zeros, and remembers what it has zeroed. */
function remembersZeros(qemu = 'newest'): boolean {
  const [major = 0, minor = 0] = qemu.split('.').map(Number)
  return qemu === 'newest' || major > 10 || (major === 10 && minor >= 1)
}

/**
 * Copies as QEMU's block mirror does (block/mirror.c, block/file-posix.c). Only files tell it where their holes are: of a block device it
 * copies everything. Zeros that it writes to a block device take storage; those that it writes to a file take none where it may unmap.
 */
export function mirror(content: RangeMap<ByteClass>, from: ModelVolume, to: ModelVolume, sizeBytes: number, spec: MirrorSpec): Copied {
  const { detectZeroes, discard, targetIsZero, bufBytes = MOST_BYTES } = spec.options
  const remembers = remembersZeros(spec.qemu)
  const everything = range<true>(0, sizeBytes, true)
  const unmaps = detectZeroes === 'unmap' && discard === 'unmap'
  const data = from instanceof FileVolume ? copied(clip(from.mapped(), 0, sizeBytes), sizeBytes) : everything
  const holes = subtract(everything, data)
  const skips = (targetIsZero === true && !unmaps) || (remembers && to instanceof FileVolume && to.isZeroAtSight(HEAD_BYTES))
  const zeroed = (ranges: RangeMap<true>) => ranges.map(({ from, to }): Range<ByteClass> => ({ from, to, value: 'zero' }))
  if (!skips) {
    if (to instanceof FileVolume && discard === 'unmap') to.punch(holes)
    else to.write(zeroed(holes))
  }
  const empty = unmaps && to instanceof FileVolume ? emptyUnits(content, data, Math.min(bufBytes, MOST_BYTES)) : []
  if (to instanceof FileVolume) to.punch(empty)
  const written = subtract(data, empty)
  to.write(intersect(content, written))
  // Where it may discard it zeroes the whole destination first, unless it would detect the zeros later on.
  const zeroesFirst = discard === 'unmap' && targetIsZero !== true && !(unmaps && remembers)
  const zeroedBytes = (zeroesFirst ? sizeBytes : 0) + (skips || (zeroesFirst && remembers) ? 0 : lengthOf(holes))
  return { readBytes: sizeBytes, writtenBytes: zeroedBytes + lengthOf(written), written }
}

/** What is copied of a file with storage in some ranges: whole units of the bitmap, and what is left at its end in any case. */
function copied(ranges: RangeMap<unknown>, sizeBytes: number): RangeMap<true> {
  const end = range<true>(sizeBytes - (sizeBytes % GRANULARITY_BYTES), sizeBytes, true)
  return clip(scaled(touched(overlay(toMask(ranges), end), GRANULARITY_BYTES), GRANULARITY_BYTES), 0, sizeBytes)
}

/** The units of a copy of these ranges that are zeros throughout. */
function emptyUnits(content: RangeMap<ByteClass>, data: RangeMap<true>, unitBytes: number): RangeMap<true> {
  const zeros = filterRanges(content, (value) => value === 'zero')
  return joined(
    data.flatMap(({ from, to }) => {
      const within = clip(zeros, from, to).map((part) => ({ ...part, from: part.from - from, to: part.to - from }))
      const units = scaled(contained(within, unitBytes), unitBytes)
      const tail = (to - from) % unitBytes
      const rest =
        tail > 0 && within.some((part) => part.from <= to - from - tail && part.to >= to - from) ? range(to - tail, to, true as const) : []
      return [...units.map((unit) => ({ from: unit.from + from, to: unit.to + from, value: true as const })), ...toMask(rest)]
    }),
  )
}

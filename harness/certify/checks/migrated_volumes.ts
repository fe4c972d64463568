import type { Content } from '../../content/content.ts'
import { data, randomNumbers, zeros } from '../../content/layouts.ts'
import type { Extent } from '../../result/bytes.ts'
import { KiB, MiB, SECTOR_BYTES } from '../../units.ts'

/** A volume to migrate: its size in bytes, and where its data lies. */
export interface MigratedShape {
  readonly sizeBytes: number
  /** Its last user ended without a flush. */
  readonly unflushed?: true
  readonly extents: (sizeBytes: number, seed: number) => Extent[]
}

/** Steps from here on make volumes that take too long to migrate two of them. */
const LARGE_STEP_BYTES = 64 * MiB

/** Begins and ends with data, in a size that no block divides. */
const endsWithData: MigratedShape = {
  sizeBytes: 7 * MiB + 3 * SECTOR_BYTES,
  extents: (sizeBytes, seed) => [
    data(0, 1),
    data(MiB - 1, 2),
    zeros(2 * MiB, MiB),
    data(3 * MiB, MiB),
    ...scattered(seed, 5 * MiB, 16),
    data(sizeBytes - 3 * SECTOR_BYTES - 4 * KiB, 3 * SECTOR_BYTES + 4 * KiB),
  ],
}

/** The volume of an instance: QEMU opens past the page cache, and takes no file that ends within a page. */
export const inUse: MigratedShape = { ...endsWithData, sizeBytes: 7 * MiB + 4 * KiB }

/** Begins and ends with zeros, some of them written, in whole blocks. */
const endsWithZeros: MigratedShape = {
  unflushed: true,
  sizeBytes: 8 * MiB,
  extents: (sizeBytes, seed) => [
    data(MiB + 4 * KiB, 8 * KiB),
    data(3 * MiB, 64 * KiB),
    ...scattered(seed, 4 * MiB, 8),
    zeros(5 * MiB, MiB),
    zeros(sizeBytes - MiB, 512 * KiB),
  ],
}

/** The volumes that one check migrates, one after the other. `turn` chooses where the drivers' step leaves time for one only. */
export function migratedShapes(stepBytes: number, turn: number): readonly MigratedShape[] {
  const shapes = [endsWithData, endsWithZeros]
  return stepBytes < LARGE_STEP_BYTES ? shapes : shapes.slice(turn % 2, (turn % 2) + 1)
}

/** The content of a volume of this shape, in the least size that is a whole number of steps. */
export function shapedContent({ sizeBytes, extents }: MigratedShape, steps: readonly number[], tag: number, seed: number): Content {
  const size = steps.reduce((bytes, step) => Math.ceil(bytes / step) * step, sizeBytes)
  return { sizeBytes: size, tag, extents: extents(size, seed) }
}

/** Some pieces of 16 KiB at every second place of 64 KiB, the first of them always. */
function scattered(seed: number, from: number, places: number): Extent[] {
  const random = randomNumbers(seed)
  return Array.from({ length: places }, (_, place) => from + place * 64 * KiB).flatMap((offset, place) =>
    place % 2 === 0 && (place === 0 || random() < 0.5) ? [data(offset, 16 * KiB)] : [],
  )
}

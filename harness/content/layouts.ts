import type { Extent } from '../result/bytes.ts'
import { KiB, MiB } from '../units.ts'
import type { Content } from './content.ts'

/** The grains whose edges matter: dm-thin's default chunk and the copy's default block. */
const CHUNK_BYTES = 64 * KiB
const BLOCK_BYTES = MiB

/** The places of a source's data. Every layout is a function of the size in bytes and a seed, so that a run can be repeated. */
export const layouts = {
  'all-zero': () => [],
  'all-data': (size) => [data(0, size)],
  'edge-bytes': (size) =>
    [
      0,
      CHUNK_BYTES - 1,
      CHUNK_BYTES,
      BLOCK_BYTES - 1,
      2 * BLOCK_BYTES,
      3 * BLOCK_BYTES + CHUNK_BYTES - 1,
      5 * BLOCK_BYTES - 1,
      size - 1,
    ].map((offset) => data(offset, 1)),
  'scattered-4k': (size, seed) => scattered(size, seed, 4 * KiB, 0.05),
  'scattered-64k': (size, seed) => scattered(size, seed, 64 * KiB, 0.1),
  'scattered-1m': (size, seed) => scattered(size, seed, MiB, 0.3),
  'written-zeros': (size) => [zeros(0, size / 4), data(size / 4, size / 8), zeros(size / 2, size / 4)],
  'last-block-zero': (size) => [data(0, size - BLOCK_BYTES)],
  'last-block-data': (size) => [data(size - BLOCK_BYTES, BLOCK_BYTES)],
  mixed: (size, seed) => {
    const half = Math.max(6, Math.floor(size / 2 / BLOCK_BYTES)) * BLOCK_BYTES
    return [
      data(0, 1),
      data(BLOCK_BYTES - 1, 2),
      zeros(2 * BLOCK_BYTES, BLOCK_BYTES),
      data(4 * BLOCK_BYTES, 2 * BLOCK_BYTES),
      ...scattered(size - half, seed, 64 * KiB, 0.05)
        .map((extent) => ({ ...extent, offset: half + extent.offset }))
        .filter((extent) => extent.offset + extent.length < size - 2 * BLOCK_BYTES),
      data(size - 1, 1),
    ]
  },
} satisfies Record<string, (sizeBytes: number, seed: number) => Extent[]>

export type LayoutName = keyof typeof layouts
export const layoutNames = Object.keys(layouts) as LayoutName[]

/** The content of a volume in a layout. Sizes are in bytes; a layout needs at least 8 MiB. */
export function contentOf(layout: LayoutName, sizeBytes: number, tag: number, seed: number): Content {
  const make: (sizeBytes: number, seed: number) => Extent[] = layouts[layout]
  return { sizeBytes, tag, extents: make(sizeBytes, seed) }
}

export function data(offset: number, length: number): Extent {
  return { offset, length, write: 'data' }
}

export function zeros(offset: number, length: number): Extent {
  return { offset, length, write: 'zeros' }
}

/** Aligned grains of data, each present with the given probability; neighbours are joined. */
function scattered(sizeBytes: number, seed: number, grainBytes: number, share: number): Extent[] {
  const random = randomNumbers(seed)
  const extents: Extent[] = []
  for (let offset = 0; offset + grainBytes <= sizeBytes; offset += grainBytes) {
    if (random() >= share) continue
    const last = extents.at(-1)
    if (last !== undefined && last.offset + last.length === offset)
      extents[extents.length - 1] = data(last.offset, last.length + grainBytes)
    else extents.push(data(offset, grainBytes))
  }
  return extents
}

/** Mulberry32: numbers in [0, 1), the same for the same seed. */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { dataBytes, writtenBlocks } from '../../tests/support/content_counts.ts'
import type { Extent } from '../result/bytes.ts'
import { KiB, MiB } from '../units.ts'
import { type Content, dataBlocks } from './content.ts'
import { contentOf, type LayoutName, layoutNames, randomNumbers } from './layouts.ts'

const SIZE = 16 * MiB
const seed = fc.nat({ max: 2 ** 31 })
const size = fc.integer({ min: 12, max: 40 }).map((mebi) => mebi * MiB)

describe.each(layoutNames)('the layout %s', (layout) => {
  test('is sorted, disjoint and within the size', () => {
    fc.assert(
      fc.property(size, seed, (sizeBytes, number) => {
        expect(flaws(contentOf(layout, sizeBytes, 1, number))).toEqual([])
      }),
      { numRuns: 30 },
    )
  })

  test('is the same for the same seed', () => {
    fc.assert(
      fc.property(seed, (number) => {
        expect(contentOf(layout, SIZE, 1, number)).toEqual(contentOf(layout, SIZE, 1, number))
      }),
      { numRuns: 20 },
    )
  })
})

test('mixed is disjoint also at the smallest size that a layout may have', () => {
  expect([1, 2, 3, 4, 5].flatMap((number) => flaws(contentOf('mixed', 8 * MiB, 1, number)))).toEqual([])
})

test.each(['scattered-4k', 'scattered-64k', 'scattered-1m', 'mixed'] as const)('%s lies elsewhere for another seed', (layout) => {
  const seen = new Set([1, 2, 3, 4, 5].map((number) => JSON.stringify(contentOf(layout, SIZE, 1, number).extents)))

  expect(seen.size).toBeGreaterThan(1)
})

describe('each layout has its character', () => {
  test('all-zero writes nothing', () => {
    expect(writtenBlocks(make('all-zero'), 1)).toBe(0)
  })

  test('all-data fills every byte', () => {
    expect(make('all-data').extents).toEqual([{ offset: 0, length: SIZE, write: 'data' }])
  })

  test('edge-bytes holds single bytes at both sides of chunk and block edges, the first and the last byte among them', () => {
    const { extents } = make('edge-bytes')
    const offsets = extents.map(({ offset }) => offset)

    expect(new Set(extents.map(({ length, write }) => `${length} ${write}`))).toEqual(new Set(['1 data']))
    expect(offsets).toEqual(expect.arrayContaining([0, 64 * KiB - 1, 64 * KiB, MiB - 1, 2 * MiB, SIZE - 1]))
    expect(dataBytes(make('edge-bytes'))).toBe(offsets.length)
  })

  test.each([
    ['scattered-4k', 4 * KiB, 0.05],
    ['scattered-64k', 64 * KiB, 0.1],
    ['scattered-1m', MiB, 0.3],
  ] as const)('%s holds whole aligned grains, about the share that it is made for', (layout, grain, share) => {
    const sizeBytes = 512 * grain
    const content = contentOf(layout, Math.max(sizeBytes, 8 * MiB), 1, 7)

    expect(content.extents.filter(({ offset, length }) => offset % grain !== 0 || length % grain !== 0)).toEqual([])
    expect(dataBytes(content) / content.sizeBytes).toBeGreaterThan(share / 2)
    expect(dataBytes(content) / content.sizeBytes).toBeLessThan(share * 2)
  })

  test('written-zeros holds four times as many written zeros as data, and both map chunks', () => {
    const zeros = make('written-zeros').extents.filter(({ write }) => write === 'zeros')

    expect(dataBytes(make('written-zeros'))).toBe(SIZE / 8)
    expect(zeros.reduce((sum, { length }) => sum + length, 0)).toBe(SIZE / 2)
    expect(writtenBlocks(make('written-zeros'), 64 * KiB)).toBe(5 * dataBlocks(make('written-zeros'), 64 * KiB))
  })

  test('last-block-zero holds data everywhere but in its last MiB', () => {
    expect(bytesWithin('last-block-zero', 0, SIZE - MiB)).toBe(SIZE - MiB)
    expect(bytesWithin('last-block-zero', SIZE - MiB, SIZE)).toBe(0)
  })

  test('last-block-data holds data in its last MiB alone', () => {
    expect(bytesWithin('last-block-data', 0, SIZE - MiB)).toBe(0)
    expect(bytesWithin('last-block-data', SIZE - MiB, SIZE)).toBe(MiB)
  })

  test('mixed holds a first byte, an edge, written zeros, whole blocks and a last byte, and skips blocks between', () => {
    const content = make('mixed')

    expect(content.extents[0]).toEqual({ offset: 0, length: 1, write: 'data' })
    expect(bytesWithin('mixed', MiB - 1, MiB + 1)).toBe(2)
    expect(content.extents.some(({ write }) => write === 'zeros')).toBe(true)
    expect(bytesWithin('mixed', 4 * MiB, 6 * MiB)).toBe(2 * MiB)
    expect(content.extents.at(-1)).toEqual({ offset: SIZE - 1, length: 1, write: 'data' })
    expect(dataBlocks(content, MiB)).toBeLessThan(SIZE / MiB)
  })
})

describe('random numbers', () => {
  test('lie in [0, 1), repeat for the same seed and spread evenly', () => {
    const random = randomNumbers(42)
    const again = randomNumbers(42)
    const numbers = Array.from({ length: 4000 }, random)

    expect(numbers).toEqual(Array.from({ length: 4000 }, again))
    expect(Math.min(...numbers)).toBeGreaterThanOrEqual(0)
    expect(Math.max(...numbers)).toBeLessThan(1)
    expect(numbers.filter((number) => number < 0.25).length / numbers.length).toBeCloseTo(0.25, 1)
  })
})

function make(layout: LayoutName): Content {
  return contentOf(layout, SIZE, 1, 7)
}

function flaws({ sizeBytes, extents }: Content): string[] {
  const found: string[] = []
  let end = 0
  for (const { offset, length } of extents) {
    if (!Number.isInteger(offset) || !Number.isInteger(length)) found.push(`${offset}+${length} is no whole number`)
    if (length <= 0) found.push(`${offset} is empty`)
    if (offset < end) found.push(`${offset} begins before ${end}`)
    end = offset + length
  }
  if (end > sizeBytes) found.push(`${end} is past ${sizeBytes}`)
  return found
}

/** How many bytes of data lie in [from, to). */
function bytesWithin(layout: LayoutName, from: number, to: number): number {
  const within = ({ offset, length }: Extent) => Math.max(0, Math.min(offset + length, to) - Math.max(offset, from))
  return make(layout)
    .extents.filter(({ write }) => write === 'data')
    .reduce((sum, extent) => sum + within(extent), 0)
}

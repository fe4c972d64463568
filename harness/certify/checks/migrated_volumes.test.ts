import { describe, expect, test } from 'vitest'
import { MiB, SECTOR_BYTES } from '../../units.ts'
import { migratedShapes, shapedContent } from './migrated_volumes.ts'

const SEEDS = [0, 1, 7, 12345]
const contents = (steps: readonly number[]) =>
  SEEDS.flatMap((seed) => migratedShapes(Math.max(...steps), 0).map((shape) => shapedContent(shape, steps, 1, seed)))

describe.each([[[1, 1]], [[SECTOR_BYTES, MiB]], [[MiB, 4 * MiB]]])('the volumes that are migrated between steps of %j bytes', (steps) => {
  test('are whole numbers of both steps', () => {
    for (const { sizeBytes } of contents(steps)) expect(steps.map((step) => sizeBytes % step)).toEqual([0, 0])
  })

  test('have extents in order, that do not overlap and lie within', () => {
    for (const { sizeBytes, extents } of contents(steps)) {
      let end = 0
      for (const { offset, length } of extents) {
        expect(offset).toBeGreaterThanOrEqual(end)
        end = offset + length
      }
      expect(end).toBeLessThanOrEqual(sizeBytes)
    }
  })

  test('begin and end with data once, and with zeros once', () => {
    const ends = contents(steps).map(({ sizeBytes, extents }) => {
      const data = extents.filter(({ write }) => write === 'data')
      const last = data.at(-1)
      return [data[0]?.offset === 0, last !== undefined && last.offset + last.length === sizeBytes]
    })
    expect(ends.filter((both) => both.every(Boolean))).toHaveLength(SEEDS.length)
    expect(ends.filter((both) => !both.some(Boolean))).toHaveLength(SEEDS.length)
  })
})

test('one of them is of a size that no block divides', () => {
  expect(contents([1, 1]).some(({ sizeBytes }) => sizeBytes % 4096 !== 0)).toBe(true)
})

test('large steps leave time for one volume, of each kind in turn', () => {
  const sizes = [0, 1, 2].map((turn) => migratedShapes(1024 * MiB, turn).map(({ sizeBytes }) => sizeBytes))

  expect(sizes.map(({ length }) => length)).toEqual([1, 1, 1])
  expect(sizes[0]).not.toEqual(sizes[1])
  expect(sizes[0]).toEqual(sizes[2])
})

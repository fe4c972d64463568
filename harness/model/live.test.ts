import { expect, test } from 'vitest'
import type { Content } from '../content/content.ts'
import { range } from '../content/ranges.ts'
import { KiB } from '../units.ts'
import type { Prediction } from './copy_case.ts'
import { mappedBounds, outside } from './live.ts'

const CHUNK = 64 * KiB
const SIZE = 8 * CHUNK
const chunk = (index: number, count = 1) => range(index * CHUNK, (index + count) * CHUNK, true as const)
const prediction = (mapped: Prediction['destinationMapped']): Prediction => ({
  content: [],
  sourceMapped: [],
  destinationMapped: mapped,
  copied: { readBytes: 0, writtenBytes: 0, written: [] },
  wrong: [],
})
const data = (index: number) => ({ offset: index * CHUNK + 4 * KiB, length: 4 * KiB, write: 'data' as const })
const held = (extents: Content['extents'], or?: Content['or']): Content => ({ sizeBytes: SIZE, tag: 1, extents, ...(or && { or }) })

test('a mirror that writes every zero maps at least what it maps without writes', () => {
  const bounds = mappedBounds(prediction(chunk(0, 8)), {}, { held: held([data(1)]), touched: chunk(3) }, CHUNK)

  expect(outside(bounds, chunk(0, 8), SIZE)).toEqual({ more: 0, less: 0 })
  expect(outside(bounds, chunk(0, 7), SIZE)).toEqual({ more: 0, less: CHUNK })
})

test('a mirror that leaves holes out maps what holds data, and at most that and what was written', () => {
  const writes = { held: held([data(1), data(3)]), touched: range(5 * CHUNK, 5 * CHUNK + 4 * KiB, true as const) }
  const bounds = mappedBounds(prediction(chunk(1)), { targetIsZero: true }, writes, CHUNK)

  expect(outside(bounds, [...chunk(1), ...chunk(3), ...chunk(5)], SIZE)).toEqual({ more: CHUNK, less: 0 })
  expect(outside(bounds, [...chunk(1), ...chunk(5)], SIZE)).toEqual({ more: 0, less: CHUNK })
})

test('what a discard may have freed need not be mapped', () => {
  const zeros = { offset: CHUNK, length: CHUNK, write: 'zeros' as const }
  const writes = { held: held([data(1)], [[zeros]]), touched: chunk(1) }
  const bounds = mappedBounds(prediction(chunk(1)), { discard: 'unmap' }, writes, CHUNK)

  expect([[], chunk(1)].map((mapped) => outside(bounds, mapped, SIZE))).toEqual([
    { more: 0, less: 0 },
    { more: 0, less: 0 },
  ])
})

test('chunks that are larger than a unit of the mirror count as a whole', () => {
  const writes = { held: held([]), touched: range(0, 4 * KiB, true as const) }
  const bounds = mappedBounds(prediction([]), { targetIsZero: true }, writes, 4 * CHUNK)

  expect(outside(bounds, chunk(0, 4), SIZE)).toEqual({ more: 0, less: 0 })
  expect(outside(bounds, chunk(0, 8), SIZE)).toEqual({ more: 4 * CHUNK, less: 0 })
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { chunksOfDataPercent, dataPercent } from './data_percent.ts'

describe('Data%', () => {
  test.each([
    [400, 3892, '10.28'],
    [1224, 3892, '31.45'],
    [200, 1024, '19.53'],
    [1024, 1024, '100.00'],
    [0, 1024, '0.00'],
    [31, 3200, '0.97'],
    [2, 16384, '0.01'],
    [1, 10_000_000, '0.01'],
    [9_999_999, 10_000_000, '99.99'],
    [9999, 10000, '99.99'],
    [1, 800, '0.12'],
    [3, 800, '0.38'],
    [5, 800, '0.62'],
  ])('of %i in %i is %s, as lvs shows it', (used, total, shown) => {
    expect(dataPercent(used, total)).toBe(shown)
  })

  test.each([
    [150, 100, '150.00'],
    [1_000_001, 1_000_000, '100.01'],
  ])('of %i in %i, which there is no room for, is %s', (used, total, shown) => {
    expect(dataPercent(used, total)).toBe(shown)
  })

  test('is 100.00 only of what is full and 0.00 only of what is empty', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 40 }), fc.double({ min: 0, max: 1, noNaN: true }), (total, share) => {
        const used = Math.floor(total * share)
        expect(dataPercent(used, total) === '100.00').toBe(used === total)
        expect(dataPercent(used, total) === '0.00').toBe(used === 0)
      }),
    )
  })
})

describe('the chunks that a Data% stands for', () => {
  test('are always among them', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 24 }), fc.double({ min: 0, max: 1, noNaN: true }), (chunks, share) => {
        const used = Math.floor(chunks * share)
        const { least, most } = chunksOfDataPercent(Number(dataPercent(used, chunks)), chunks * 65536, 65536)

        expect(least).toBeLessThanOrEqual(used)
        expect(most).toBeGreaterThanOrEqual(used)
        expect(most).toBeLessThanOrEqual(chunks)
      }),
    )
  })

  test('are few where a chunk is more than what is rounded', () => {
    expect(chunksOfDataPercent(19.53, 1024 ** 3, 65536)).toEqual({ least: 3199, most: 3200 })
  })

  test('are those next to a share that no number of chunks has', () => {
    expect(chunksOfDataPercent(20, 16 * 65536, 65536)).toEqual({ least: 3, most: 4 })
  })
})

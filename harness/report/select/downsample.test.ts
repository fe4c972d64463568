import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { foremost, KINDS, type Kind, kindAt, type Stretch, slicesOf, totalsOf, withUnmapped } from './downsample.ts'

const stretches: Stretch[] = [
  { from: 0, to: 100, value: 'data' },
  { from: 100, to: 101, value: 'stale' },
  { from: 300, to: 400, value: 'zero' },
]
const row = { stretches, rest: 'unmapped' as const }

describe('slices of a row', () => {
  test('hold what the row holds, and the rest between', () => {
    expect(slicesOf(row, 0, 400, 4)).toEqual([{ data: 100 }, { stale: 1, unmapped: 99 }, { unmapped: 100 }, { zero: 100 }])
  })

  test('of a part begin and end inside stretches', () => {
    expect(slicesOf(row, 50, 350, 3)).toEqual([{ data: 50, stale: 1, unmapped: 49 }, { unmapped: 100 }, { unmapped: 50, zero: 50 }])
  })

  test('hold every byte once, however they are cut, as looking at each byte says', () => {
    const rows = fc
      .array(fc.record({ gap: fc.nat({ max: 5 }), length: fc.integer({ min: 1, max: 9 }), value: fc.constantFrom(...KINDS) }))
      .map((parts) => {
        let at = 0
        return parts.map(({ gap, length, value }): Stretch => {
          at += gap + length
          return { from: at - length, to: at, value }
        })
      })
    fc.assert(
      fc.property(
        rows,
        fc.nat({ max: 40 }),
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 9 }),
        (parts, from, count, length) => {
          const some = { stretches: parts, rest: 'skipped' as const }
          const slices = slicesOf(some, from, from + count * length, count)
          slices.forEach((slice, index) => {
            const seen: Partial<Record<Kind, number>> = {}
            for (let byte = 0; byte < length; byte++) {
              const kind = kindAt(some, from + index * length + byte)
              seen[kind] = (seen[kind] ?? 0) + 1
            }
            expect(slice).toEqual(seen)
          })
        },
      ),
    )
  })

  test('add up to the whole', () => {
    expect(totalsOf(row, 400)).toEqual({ data: 100, stale: 1, unmapped: 199, zero: 100 })
  })
})

test('one wrong byte is what a slice is shown as', () => {
  expect(foremost({ zero: 1e9, data: 5, stale: 1 })).toBe('stale')
  expect(foremost({ zero: 1e9, data: 5 })).toBe('data')
  expect(foremost({})).toBe('unmapped')
})

test('zeros without storage are told apart from zeros with storage; what is not zero stays', () => {
  const content: Stretch[] = [
    { from: 0, to: 10, value: 'data' },
    { from: 10, to: 50, value: 'zero' },
    { from: 50, to: 60, value: 'stale' },
  ]

  expect(
    withUnmapped(content, [
      { from: 5, to: 20 },
      { from: 30, to: 40 },
    ]),
  ).toEqual([
    { from: 0, to: 10, value: 'data' },
    { from: 10, to: 20, value: 'zero' },
    { from: 20, to: 30, value: 'unmapped' },
    { from: 30, to: 40, value: 'zero' },
    { from: 40, to: 50, value: 'unmapped' },
    { from: 50, to: 60, value: 'stale' },
  ])
})

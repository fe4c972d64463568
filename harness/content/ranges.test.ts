import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cellsOf, rangesOf } from '../../tests/support/cells.ts'
import {
  clip,
  contained,
  filled,
  filterRanges,
  intersect,
  joined,
  lengthOf,
  overlay,
  type RangeMap,
  range,
  same,
  scaled,
  shifted,
  subtract,
  toMask,
  touched,
} from './ranges.ts'

const CELLS = 32
type Cells = readonly (number | undefined)[]

const cells: fc.Arbitrary<Cells> = fc.array(fc.option(fc.nat({ max: 2 }), { nil: undefined }), { minLength: CELLS, maxLength: CELLS })
const position = fc.integer({ min: 0, max: CELLS })
const grain = fc.integer({ min: 1, max: 7 })

/** Expects the map to agree with the cells, and to be sorted, disjoint, without empty ranges, and with neighbours joined. */
function expectCells<Value>(ranges: RangeMap<Value>, expected: readonly (Value | undefined)[]): void {
  expect(ranges).toEqual(rangesOf(expected))
}

/** Grains of cells, the last of which may be short. */
function grains(of: Cells, size: number): Cells[] {
  return Array.from({ length: Math.ceil(of.length / size) }, (_, index) => of.slice(index * size, (index + 1) * size))
}

describe('a map', () => {
  test('comes back from its cells as it was', () => {
    fc.assert(
      fc.property(cells, (some) => {
        expect(cellsOf(rangesOf(some), CELLS)).toEqual(some)
      }),
    )
  })

  test('of one run is empty when the run is', () => {
    expect(range(3, 5, 'a')).toEqual([{ from: 3, to: 5, value: 'a' }])
    expect(range(3, 3, 'a')).toEqual([])
    expect(range(4, 3, 'a')).toEqual([])
  })

  test('joins what touches and agrees, and leaves out what is empty', () => {
    const ranges = [
      { from: 0, to: 2, value: 'a' },
      { from: 2, to: 4, value: 'a' },
      { from: 4, to: 4, value: 'b' },
      { from: 4, to: 5, value: 'b' },
      { from: 6, to: 7, value: 'b' },
    ]

    expect(joined(ranges)).toEqual([
      { from: 0, to: 4, value: 'a' },
      { from: 4, to: 5, value: 'b' },
      { from: 6, to: 7, value: 'b' },
    ])
  })
})

describe('cell by cell', () => {
  test('an overlay is the top where it has a value and the base elsewhere', () => {
    fc.assert(
      fc.property(cells, cells, (base, top) =>
        expectCells(
          overlay(rangesOf(base), rangesOf(top)),
          base.map((value, cell) => top[cell] ?? value),
        ),
      ),
    )
  })

  test('without leaves what is outside the cover, and inside what is in it', () => {
    fc.assert(
      fc.property(cells, cells, (some, covering) => {
        const [ranges, holes] = [rangesOf(some), rangesOf(covering)]
        expectCells(
          subtract(ranges, holes),
          some.map((value, cell) => (covering[cell] === undefined ? value : undefined)),
        )
        expectCells(
          intersect(ranges, holes),
          some.map((value, cell) => (covering[cell] === undefined ? undefined : value)),
        )
      }),
    )
  })

  test('a clip is what lies between two positions, and filling gives it a value everywhere', () => {
    fc.assert(
      fc.property(cells, position, position, (some, from, to) => {
        const within = (cell: number) => from <= cell && cell < to
        expectCells(
          clip(rangesOf(some), from, to),
          some.map((value, cell) => (within(cell) ? value : undefined)),
        )
        expectCells(
          filled(rangesOf(some), from, to, 9),
          some.map((value, cell) => (within(cell) ? (value ?? 9) : undefined)),
        )
      }),
    )
  })

  test('where finds the values that pass, and the cover all of them', () => {
    fc.assert(
      fc.property(cells, (some) => {
        expectCells(
          filterRanges(rangesOf(some), (value) => value > 0),
          some.map((value) => (value !== undefined && value > 0 ? true : undefined)),
        )
        expectCells(
          toMask(rangesOf(some)),
          some.map((value) => (value === undefined ? undefined : true)),
        )
      }),
    )
  })

  test('a grain is touched when one of its cells has a value, and contained when all have', () => {
    fc.assert(
      fc.property(cells, grain, (some, size) => {
        expectCells(
          touched(rangesOf(some), size),
          grains(some, size).map((part) => (part.some((value) => value !== undefined) ? true : undefined)),
        )
        expectCells(
          contained(rangesOf(some), size),
          grains(some, size).map((part) => (part.length === size && part.every((value) => value !== undefined) ? true : undefined)),
        )
      }),
    )
  })

  test('scaling makes each cell a grain of them, and shifting moves them', () => {
    fc.assert(
      fc.property(cells, grain, (some, size) => {
        expectCells(
          scaled(rangesOf(some), size),
          some.flatMap((value) => Array<number | undefined>(size).fill(value)),
        )
        expectCells(shifted(rangesOf(some), size), [...Array<undefined>(size), ...some])
        expect(shifted(shifted(rangesOf(some), size), -size)).toEqual(rangesOf(some))
      }),
    )
  })

  test('the length is the number of cells with a value', () => {
    fc.assert(
      fc.property(cells, (some) => {
        expect(lengthOf(rangesOf(some))).toBe(some.filter((value) => value !== undefined).length)
      }),
    )
  })

  test('two maps are the same when their cells are', () => {
    fc.assert(
      fc.property(cells, cells, (one, other) => {
        expect(same(rangesOf(one), rangesOf([...one]))).toBe(true)
        expect(same(rangesOf(one), rangesOf(other))).toBe(one.every((value, cell) => value === other[cell]))
      }),
    )
    expect(same(range(0, 4, 'a'), range(0, 5, 'a'))).toBe(false)
    expect(same(range(1, 4, 'a'), range(0, 4, 'a'))).toBe(false)
    expect(same(range(0, 4, 'a'), range(0, 4, 'b'))).toBe(false)
    expect(same(range(0, 4, 'a'), [...range(0, 4, 'a'), ...range(5, 6, 'a')])).toBe(false)
  })
})

test('the cost of an operation is in the ranges of a map: the same at 16 TiB as at 32 bytes', () => {
  const huge = (16 * 1024 ** 4) / CELLS
  fc.assert(
    fc.property(cells, cells, position, position, (one, other, from, to) => {
      const [small, top] = [rangesOf(one), rangesOf(other)]
      const [large, largeTop] = [scaled(small, huge), scaled(top, huge)]
      const isAlike = (a: RangeMap<unknown>, b: RangeMap<unknown>) => expect(b).toEqual(scaled(a, huge))

      isAlike(overlay(small, top), overlay(large, largeTop))
      isAlike(subtract(small, top), subtract(large, largeTop))
      isAlike(intersect(small, top), intersect(large, largeTop))
      isAlike(filled(small, from, to, 9), filled(large, from * huge, to * huge, 9))
      expect(touched(large, huge)).toEqual(touched(small, 1))
      expect(contained(large, huge)).toEqual(contained(small, 1))
    }),
  )
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cellsOf, runsOf } from '../../tests/support/cells.ts'
import {
  clip,
  contained,
  cover,
  filled,
  inside,
  joined,
  lengthOf,
  overlay,
  type Runs,
  run,
  same,
  scaled,
  shifted,
  touched,
  where,
  without,
} from './runs.ts'

const CELLS = 32
type Cells = readonly (number | undefined)[]

const cells: fc.Arbitrary<Cells> = fc.array(fc.option(fc.nat({ max: 2 }), { nil: undefined }), { minLength: CELLS, maxLength: CELLS })
const position = fc.integer({ min: 0, max: CELLS })
const grain = fc.integer({ min: 1, max: 7 })

/** That the map says what the cells do, and is as every map must be: sorted, disjoint, nothing empty, neighbours joined. */
function expectCells<Value>(runs: Runs<Value>, expected: readonly (Value | undefined)[]): void {
  expect(runs).toEqual(runsOf(expected))
}

/** Grains of cells, the last of which may be short. */
function grains(of: Cells, size: number): Cells[] {
  return Array.from({ length: Math.ceil(of.length / size) }, (_, index) => of.slice(index * size, (index + 1) * size))
}

describe('a map', () => {
  test('comes back from its cells as it was', () => {
    fc.assert(
      fc.property(cells, (some) => {
        expect(cellsOf(runsOf(some), CELLS)).toEqual(some)
      }),
    )
  })

  test('of one run is empty when the run is', () => {
    expect(run(3, 5, 'a')).toEqual([{ from: 3, to: 5, value: 'a' }])
    expect(run(3, 3, 'a')).toEqual([])
    expect(run(4, 3, 'a')).toEqual([])
  })

  test('joins what touches and agrees, and leaves out what is empty', () => {
    const runs = [
      { from: 0, to: 2, value: 'a' },
      { from: 2, to: 4, value: 'a' },
      { from: 4, to: 4, value: 'b' },
      { from: 4, to: 5, value: 'b' },
      { from: 6, to: 7, value: 'b' },
    ]

    expect(joined(runs)).toEqual([
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
          overlay(runsOf(base), runsOf(top)),
          base.map((value, cell) => top[cell] ?? value),
        ),
      ),
    )
  })

  test('without leaves what is outside the cover, and inside what is in it', () => {
    fc.assert(
      fc.property(cells, cells, (some, covering) => {
        const [runs, holes] = [runsOf(some), runsOf(covering)]
        expectCells(
          without(runs, holes),
          some.map((value, cell) => (covering[cell] === undefined ? value : undefined)),
        )
        expectCells(
          inside(runs, holes),
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
          clip(runsOf(some), from, to),
          some.map((value, cell) => (within(cell) ? value : undefined)),
        )
        expectCells(
          filled(runsOf(some), from, to, 9),
          some.map((value, cell) => (within(cell) ? (value ?? 9) : undefined)),
        )
      }),
    )
  })

  test('where finds the values that pass, and the cover all of them', () => {
    fc.assert(
      fc.property(cells, (some) => {
        expectCells(
          where(runsOf(some), (value) => value > 0),
          some.map((value) => (value !== undefined && value > 0 ? true : undefined)),
        )
        expectCells(
          cover(runsOf(some)),
          some.map((value) => (value === undefined ? undefined : true)),
        )
      }),
    )
  })

  test('a grain is touched when one of its cells has a value, and contained when all have', () => {
    fc.assert(
      fc.property(cells, grain, (some, size) => {
        expectCells(
          touched(runsOf(some), size),
          grains(some, size).map((part) => (part.some((value) => value !== undefined) ? true : undefined)),
        )
        expectCells(
          contained(runsOf(some), size),
          grains(some, size).map((part) => (part.length === size && part.every((value) => value !== undefined) ? true : undefined)),
        )
      }),
    )
  })

  test('scaling makes each cell a grain of them, and shifting moves them', () => {
    fc.assert(
      fc.property(cells, grain, (some, size) => {
        expectCells(
          scaled(runsOf(some), size),
          some.flatMap((value) => Array<number | undefined>(size).fill(value)),
        )
        expectCells(shifted(runsOf(some), size), [...Array<undefined>(size), ...some])
        expect(shifted(shifted(runsOf(some), size), -size)).toEqual(runsOf(some))
      }),
    )
  })

  test('the length is the number of cells with a value', () => {
    fc.assert(
      fc.property(cells, (some) => {
        expect(lengthOf(runsOf(some))).toBe(some.filter((value) => value !== undefined).length)
      }),
    )
  })

  test('two maps are the same when their cells are', () => {
    fc.assert(
      fc.property(cells, cells, (one, other) => {
        expect(same(runsOf(one), runsOf([...one]))).toBe(true)
        expect(same(runsOf(one), runsOf(other))).toBe(one.every((value, cell) => value === other[cell]))
      }),
    )
    expect(same(run(0, 4, 'a'), run(0, 5, 'a'))).toBe(false)
    expect(same(run(1, 4, 'a'), run(0, 4, 'a'))).toBe(false)
    expect(same(run(0, 4, 'a'), run(0, 4, 'b'))).toBe(false)
    expect(same(run(0, 4, 'a'), [...run(0, 4, 'a'), ...run(5, 6, 'a')])).toBe(false)
  })
})

test('what is done to a map costs what it has in runs: the same at 16 TiB as at 32 bytes', () => {
  const huge = (16 * 1024 ** 4) / CELLS
  fc.assert(
    fc.property(cells, cells, position, position, (one, other, from, to) => {
      const [small, top] = [runsOf(one), runsOf(other)]
      const [large, largeTop] = [scaled(small, huge), scaled(top, huge)]
      const isAlike = (a: Runs<unknown>, b: Runs<unknown>) => expect(b).toEqual(scaled(a, huge))

      isAlike(overlay(small, top), overlay(large, largeTop))
      isAlike(without(small, top), without(large, largeTop))
      isAlike(inside(small, top), inside(large, largeTop))
      isAlike(filled(small, from, to, 9), filled(large, from * huge, to * huge, 9))
      expect(touched(large, huge)).toEqual(touched(small, 1))
      expect(contained(large, huge)).toEqual(contained(small, 1))
    }),
  )
})

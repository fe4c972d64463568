import { joined, type Range, type RangeMap } from '../../harness/content/ranges.ts'

/** Lists the value of a map for every cell of `grain` from 0 on, one by one: the naive form that tests compare with. */
export function cellsOf<Value>(ranges: RangeMap<Value>, count: number, grain = 1): (Value | undefined)[] {
  return Array.from({ length: count }, (_, cell) => ranges.find(({ from, to }) => from <= cell * grain && cell * grain < to)?.value)
}

/** The map that says of every cell what the array does, and nothing where it is undefined. */
export function rangesOf<Value>(cells: readonly (Value | undefined)[], grain = 1): RangeMap<Value> {
  return joined(
    cells.flatMap((value, cell): Range<Value>[] => (value === undefined ? [] : [{ from: cell * grain, to: (cell + 1) * grain, value }])),
  )
}

import { joined, type Run, type Runs } from '../../harness/content/runs.ts'

/** What a map says of every cell of `grain` from 0 on, one by one: the naive form that tests compare with. */
export function cellsOf<Value>(runs: Runs<Value>, count: number, grain = 1): (Value | undefined)[] {
  return Array.from({ length: count }, (_, cell) => runs.find(({ from, to }) => from <= cell * grain && cell * grain < to)?.value)
}

/** The map that says of every cell what the array does, and nothing where it is undefined. */
export function runsOf<Value>(cells: readonly (Value | undefined)[], grain = 1): Runs<Value> {
  return joined(
    cells.flatMap((value, cell): Run<Value>[] => (value === undefined ? [] : [{ from: cell * grain, to: (cell + 1) * grain, value }])),
  )
}

import type { CellResult } from '../result/result.ts'
import type { RunControls } from '../testbed/events.ts'
import { runQueue, STOPPED } from '../testbed/queue.ts'
import type { Bench } from '../testbed/test_bed.ts'
import type { Cell } from './cell.ts'
import { type CellOptions, describeCell, runCell } from './run_cell.ts'

export interface RunOptions extends CellOptions, RunControls {}

/** Runs cells on all benches at once, each taking the next in order. Cells that nobody could run are `not-shown`. */
export async function runCells(
  cells: readonly Cell[],
  benches: readonly Bench[],
  options: RunOptions,
): Promise<{ results: CellResult[]; leaks: string[] }> {
  const results = new Map<string, CellResult>()
  const keep = (result: CellResult) => {
    results.set(result.id, result)
    options.tell({ kind: 'cell-ended', result })
  }
  const { leaks, left, why } = await runQueue(cells, benches, options.signal, async (bench, cell) => {
    options.tell({ kind: 'cell-started', id: cell.id, machine: bench.machine.name })
    const { result, leaks } = await runCell(bench, cell, options)
    // What was cut off has shown nothing.
    keep(options.signal.aborted && result.verdict === 'broken' ? notShown(cell, STOPPED, options.repeat(cell)) : result)
    return { broken: result.verdict === 'broken', leaks }
  })
  // What never began is no progress.
  for (const cell of left) results.set(cell.id, notShown(cell, why, options.repeat(cell)))
  return { results: cells.flatMap(({ id }) => results.get(id) ?? []), leaks: [...leaks] }
}

/** A cell that did not run: never counted as certified. */
export function notShown(cell: Cell, reason: string, repeat: string): CellResult {
  return {
    ...describeCell(cell),
    verdict: 'not-shown',
    reason,
    findings: [],
    notes: [],
    machine: '',
    commands: [],
    repeat,
    seconds: 0,
  }
}

import type { CellResult } from '../result/cell.ts'
import type { RunControls } from '../testbed/events.ts'
import { runQueue, STOPPED } from '../testbed/queue.ts'
import type { TestBed } from '../testbed/test_bed.ts'
import type { Cell } from './cell.ts'
import { type CellOptions, describeCell, runCell } from './run_cell.ts'

export interface RunOptions extends CellOptions, RunControls {}

/** Runs cells on all test beds at once, each taking the next in order. Cells that could not run are `not-shown`. */
export async function runCells(
  cells: readonly Cell[],
  testBeds: readonly TestBed[],
  options: RunOptions,
): Promise<{ results: CellResult[]; leaks: string[] }> {
  const results = new Map<string, CellResult>()
  const keep = (result: CellResult) => {
    results.set(result.id, result)
    options.onEvent({ kind: 'cell-ended', result })
  }
  const { leaks, left, why } = await runQueue(cells, testBeds, options.signal, async (testBed, cell) => {
    options.onEvent({ kind: 'cell-started', id: cell.id, machine: testBed.machine.name })
    const { result, leaks } = await runCell(testBed, cell, options)
    // A cell that was cut off has shown nothing.
    keep(options.signal.aborted && result.verdict === 'broken' ? notShown(cell, STOPPED, options.repeat(cell)) : result)
    return { broken: result.verdict === 'broken', leaks }
  })
  // A cell that never began is not progress.
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

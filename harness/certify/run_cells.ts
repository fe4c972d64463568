import { messageOf } from '../machine/errors.ts'
import type { CellResult } from '../result/result.ts'
import type { Bench } from './bench.ts'
import type { Cell } from './cell.ts'
import { type CellOptions, describeCell, runCell } from './run_cell.ts'

/** What happens during a run, for whoever shows it. */
export type RunEvent =
  | { readonly kind: 'cell-started'; readonly id: string; readonly machine: string }
  | { readonly kind: 'cell-ended'; readonly result: CellResult }

export interface RunOptions extends CellOptions {
  readonly tell: (event: RunEvent) => void
  /** No further cell is begun after it. */
  readonly signal: AbortSignal
}

/** Runs cells on all benches at once, each taking the next in order. Cells that nobody could run are `not-shown`. */
export async function runCells(
  cells: readonly Cell[],
  benches: readonly Bench[],
  options: RunOptions,
): Promise<{ results: CellResult[]; leaks: string[] }> {
  const queue = [...cells]
  const results = new Map<string, CellResult>()
  const leaks: string[] = []
  const keep = (result: CellResult) => {
    results.set(result.id, result)
    options.tell({ kind: 'cell-ended', result })
  }
  const faults: string[] = []
  await Promise.all(
    benches.map(async (bench) => {
      for (let cell = queue.shift(); cell !== undefined; cell = queue.shift()) {
        if (options.signal.aborted) return void queue.unshift(cell)
        options.tell({ kind: 'cell-started', id: cell.id, machine: bench.machine.name })
        const run = await runCell(bench, cell, options)
        leaks.push(...run.leaks)
        keep(run.result)
        const dead = run.result.verdict === 'broken' ? await isDead(bench) : undefined
        if (dead !== undefined) return void faults.push(dead)
      }
    }),
  )
  const why = options.signal.aborted ? 'the run was stopped' : faults.join('; ')
  for (const cell of queue) keep(notShown(cell, why, options.repeat(cell)))
  return { results: cells.flatMap(({ id }) => results.get(id) ?? []), leaks }
}

async function isDead({ machine, lab }: Bench): Promise<string | undefined> {
  try {
    await machine.run(['true'], { timeoutSeconds: 20 })
    await lab.inside.ping()
    return undefined
  } catch (error) {
    return messageOf(error)
  }
}

/** A cell that did not run: never counted as certified. */
function notShown(cell: Cell, reason: string, repeat: string): CellResult {
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

import type { BrokenModel } from '../explore/broken_models.ts'
import { COPY_IMAGE_BYTES } from '../explore/build_storage.ts'
import { type CopyRunOptions, type NamedCopy, runCopies } from '../explore/run_copies.ts'
import type { MachineChoice } from '../machine/machine.ts'
import { soundParts } from '../migration/parts.ts'
import type { CellResult } from '../result/cell.ts'
import type { Result } from '../result/result.ts'
import { firstDisagreements } from '../result/verdicts.ts'
import { runInSession } from '../testbed/session.ts'
import { MiB } from '../units.ts'
import { type BrokenRule, brokenParts, type VerifyParts } from './broken_rules.ts'
import type { Cell } from './cell.ts'
import { copyCaseOf } from './model_of_cell.ts'
import { contentOfCell } from './run_cell.ts'
import { type RunOptions, runCells } from './run_cells.ts'

export interface VerifyOptions extends Omit<RunOptions, 'parts' | 'repeat'>, Pick<CopyRunOptions, 'shrinkSeconds'> {
  readonly cells: readonly Cell[]
  readonly copies: readonly NamedCopy[]
  /** The command that repeats a cell or a copy. */
  readonly repeat: (named: { readonly id: string }) => string
  readonly machine: MachineChoice
  readonly seed: number
  readonly version: string
  readonly brokenRule?: BrokenRule | BrokenModel
  /** How many machines at most; default as many as are useful. */
  readonly machines?: number
}

/** The main job: runs the cells on real storage and says what they show. Throws BrokenLab when no machine can be had. */
export async function verify(options: VerifyOptions): Promise<Result> {
  const { cells, copies, brokenRule, seed } = options
  const parts: VerifyParts = brokenRule === undefined ? soundParts : brokenParts(brokenRule)
  return runInSession(
    {
      machine: options.machine,
      machines: Math.min(cells.length + copies.length, options.machines ?? Number.MAX_SAFE_INTEGER),
      imageBytes: Math.max(imageBytes(cells), COPY_IMAGE_BYTES),
      seed,
      mover: parts.mover,
      version: options.version,
      ...(brokenRule !== undefined && { brokenRule }),
      signal: options.signal,
    },
    async ({ testBeds }) => {
      const run = await runCells(cells, testBeds, { ...options, parts })
      const copied = await runCopies([...copies, ...copiesOf(run.results, cells, seed)], testBeds, {
        ...options,
        repeat: ({ id }) => options.repeat({ id: id.replace(COPY, '') }),
        ...(parts.model !== undefined && { model: parts.model }),
      })
      return { cells: run.results, copies: copied.results, leaks: [...run.leaks, ...copied.leaks] }
    },
  )
}

/** Cells that were not as the model predicted, once more as mere copies, to look for the smallest that are not. */
function copiesOf(results: readonly CellResult[], cells: readonly Cell[], seed: number): NamedCopy[] {
  return firstDisagreements(results).flatMap(({ id, evidence }) => {
    const cell = cells.find((some) => some.id === id)
    if (cell === undefined) return []
    return [{ id: `copy/${id}`, copyCase: copyCaseOf(cell, contentOfCell(cell, 0, seed), evidence?.decision?.mode ?? cell.expect.mode) }]
  })
}

const COPY = /^copy\//

/** Room for the images: a source and a destination of the largest cell on two machines, the other sources, the NFS disks. */
function imageBytes(cells: readonly Cell[]): number {
  return 4 * Math.max(0, ...cells.map(({ backendBytes, poisonBytes }) => Math.min(backendBytes, poisonBytes.destination))) + 1024 * MiB
}

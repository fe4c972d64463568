import type { MachineKind } from '../machine/machine.ts'
import { countVerdicts, overallVerdict, type Result } from '../result/result.ts'
import { type BrokenRule, brokenRules, soundParts } from './broken_rules.ts'
import { type Cell, MiB } from './cell.ts'
import { type RunOptions, runCells } from './run_cells.ts'
import { Session } from './session.ts'

export interface VerifyOptions extends Omit<RunOptions, 'parts'> {
  readonly cells: readonly Cell[]
  readonly machine: MachineKind
  readonly seed: number
  readonly version: string
  readonly brokenRule?: BrokenRule
  /** How many machines at most; default as many as are useful. */
  readonly machines?: number
}

/** The main job: runs the cells on real storage and says what they show. Throws BrokenLab when no machine can be had. */
export async function verify(options: VerifyOptions): Promise<Result> {
  const { cells, brokenRule } = options
  const startedAt = new Date()
  const parts = brokenRule === undefined ? soundParts : brokenRules[brokenRule]
  const session = await Session.open({
    machine: options.machine,
    machines: Math.min(cells.length, options.machines ?? cells.length),
    imageBytes: imageBytes(cells),
    seed: options.seed,
    mover: parts.mover,
    signal: options.signal,
  })
  let run: Awaited<ReturnType<typeof runCells>>
  let faults: string[] = []
  try {
    run = await runCells(cells, session.benches, { ...options, parts })
  } finally {
    faults = await session.close()
  }
  const leaks = [...run.leaks, ...faults]
  const counts = countVerdicts(run.results)
  return {
    schema: 'holeproof-result-1',
    version: options.version,
    startedAt: startedAt.toISOString(),
    seconds: (Date.now() - startedAt.getTime()) / 1000,
    seed: options.seed,
    ...(brokenRule !== undefined && { brokenRule }),
    machines: session.benches.map(({ machine: { name, kind, kernel } }) => ({ name, kind, kernel })),
    cells: run.results,
    worlds: [],
    certificates: [],
    leaks,
    counts,
    verdict: overallVerdict(counts, leaks),
  }
}

/** Room for the images: a source and a destination of the largest cell on two machines, the other sources, the NFS disks. */
function imageBytes(cells: readonly Cell[]): number {
  return 4 * Math.max(0, ...cells.map(({ backendBytes, poisonBytes }) => Math.min(backendBytes, poisonBytes.destination))) + 1024 * MiB
}

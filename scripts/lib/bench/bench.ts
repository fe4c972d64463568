import { availableParallelism, loadavg, release, tmpdir, totalmem } from 'node:os'
import { dir } from 'tmp-promise'
import { writeOwner } from '../../../harness/lab/owner.ts'
import { newRunName } from '../../../harness/machine/prefix.ts'
import type { Bench, Figure } from '../../../harness/result/bench.ts'
import { type BenchRun, type Checkout, type Commits, cloneEarlier, prepare, thisCheckout } from './checkouts.ts'
import type { FigureSpec } from './figures.ts'
import { type MeasuredRun, measure, planCommand } from './measure.ts'
import { machinesText, type Run } from './read_run.ts'
import { breakDown, type Rounds, summarise } from './summarise.ts'

export const ROUNDS = 3
/** The figure whose cells and copies the time is broken down of. */
const BROKEN_DOWN = 'matrix'

export interface BenchOptions {
  /** The root of this checkout. */
  readonly root: string
  readonly commits: Commits
  readonly figures: readonly FigureSpec[]
  readonly rounds: number | undefined
  readonly seed: number
  readonly kernel: string | undefined
  readonly version: string
  readonly signal: AbortSignal
  log(line: string): void
}

/** Measures this checkout and an earlier commit in turns. Throws BrokenLab if one of them cannot be set up. */
export async function bench(options: BenchOptions): Promise<Bench> {
  const { root, commits, figures, seed, kernel, version, signal, log } = options
  const began = new Date()
  const load = loadavg()
  if (commits.after.changed) log('bench: this checkout has uncommitted changes. They are measured, except by fresh, which clones HEAD.')
  // With the name and the owner of a run, the folder is removed by a sweep if this process is killed.
  const folder = await dir({ tmpdir: tmpdir(), name: newRunName(), mode: 0o700, unsafeCleanup: true })
  try {
    await writeOwner(folder.path)
    const run: BenchRun = { root, folder: folder.path, seed, kernel, signal, log }
    const pair: Pair = { before: await cloneEarlier(run, commits.before.commit), after: thisCheckout(run, commits.after.commit) }
    for (const checkout of [pair.before, pair.after]) await prepare(checkout, figures, run)
    const kinds = new Set<Bench['memory']>()
    const measured: FigureRun[] = []
    for (const figure of figures) {
      const one = await measureFigure(figure, pair, options.rounds ?? (figure.isLong ? 1 : ROUNDS), run)
      measured.push(one)
      for (const kind of one.memory) kinds.add(kind)
    }
    const last = measured.find(({ figure }) => figure.id === BROKEN_DOWN)?.lastAfter
    const breakdown = last && breakDown(last)
    return {
      schema: 'holeproof-bench-1',
      version,
      startedAt: began.toISOString(),
      seconds: (Date.now() - began.getTime()) / 1000,
      seed,
      ...(kernel !== undefined && { kernel }),
      ...(signal.aborted && { stopped: true as const }),
      ...commits,
      host: { cores: availableParallelism(), memoryBytes: totalmem(), kernel: release(), node: process.version, load },
      memory: kinds.size > 1 ? 'mixed' : ([...kinds][0] ?? 'pss'),
      figures: measured.map(({ figure }) => figure),
      ...(breakdown && { breakdown }),
    }
  } finally {
    await folder.cleanup()
  }
}

interface Pair {
  readonly before: Checkout
  readonly after: Checkout
}

interface FigureRun {
  readonly figure: Figure
  readonly memory: readonly Bench['memory'][]
  /** The last result of the later checkout, if the figure was measured. */
  readonly lastAfter?: Run | undefined
}

/** Measures both checkouts in turns, so that whatever else the machine does falls on both. */
async function measureFigure(figure: FigureSpec, pair: Pair, rounds: number, run: BenchRun): Promise<FigureRun> {
  const { id, title, unit } = figure
  const notShown = (side: Checkout, why: string): FigureRun => ({
    figure: { state: 'not-shown', id, title, reason: `${side.name}: ${why}` },
    memory: [],
  })
  const before = await planSide(figure, pair.before, run)
  if (before.kind === 'none') return notShown(pair.before, before.why)
  const after = await planSide(figure, pair.after, run)
  if (after.kind === 'none') return notShown(pair.after, after.why)
  for (let round = 1; round <= rounds; round++) {
    for (const { checkout, words, runs } of [before, after]) {
      const measured = await measure(figure, checkout, words, run)
      const text = measured.kind === 'none' ? `not shown: ${measured.why}` : `${measured.value.toFixed(1)} ${UNIT_WORDS[unit]}`
      run.log(`bench: ${id} ${round}/${rounds} ${checkout.name}: ${text}`)
      if (measured.kind === 'none') return notShown(checkout, measured.why)
      runs.push(measured)
    }
  }
  const memory = [...before.runs, ...after.runs].map(({ peak }) => peak.memory)
  return { figure: summarise(figure, roundsOf(before), roundsOf(after)), memory, lastAfter: after.runs.at(-1)?.run }
}

const UNIT_WORDS = { seconds: 's', 'copies-per-minute': 'copies a minute' } as const

/** A figure's command in one checkout, and its runs so far. */
interface Side {
  readonly kind: 'side'
  readonly checkout: Checkout
  readonly words: readonly string[]
  readonly shown: readonly string[]
  readonly runs: MeasuredRun[]
}

async function planSide(figure: FigureSpec, checkout: Checkout, run: BenchRun): Promise<Side | { kind: 'none'; why: string }> {
  const command = await planCommand(figure, checkout, run)
  return command.kind === 'none' ? command : { ...command, kind: 'side', checkout, runs: [] }
}

function roundsOf({ shown, runs }: Side): Rounds {
  return {
    command: shown.join(' '),
    values: runs.map(({ value }) => value),
    peakBytes: Math.max(...runs.map(({ peak }) => peak.bytes)),
    machines: machinesText(runs.at(-1)?.run?.machines ?? []),
  }
}

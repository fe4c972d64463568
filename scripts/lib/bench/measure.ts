import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { RESULT_FILE } from '../output/result_folder.ts'
import { type BenchRun, type Checkout, cloneCommands, traitsOf, withoutCaches } from './checkouts.ts'
import { type CommandWords, commandWords, type FigureSpec } from './figures.ts'
import { type Peak, watchMemory } from './memory.ts'
import { judgeRun, type NotShown, type Run, runSchema } from './read_run.ts'
import { runCommand } from './run_command.ts'

/** One run of a figure. */
export interface MeasuredRun {
  readonly kind: 'value'
  readonly value: number
  readonly peak: Peak
  /** Its result, if the command writes one. */
  readonly run: Run | undefined
}

/** The words of a figure's command in a checkout. */
export async function planCommand(figure: FigureSpec, checkout: Checkout, run: BenchRun): Promise<CommandWords> {
  const traits = await traitsOf(checkout, figure.script, run.signal)
  if ('why' in traits) return { kind: 'none', why: traits.why }
  return commandWords(figure, traits, { ...run, out: outFolder(run, checkout) })
}

/** Runs a figure's command once. */
export async function measure(
  figure: FigureSpec,
  checkout: Checkout,
  words: readonly string[],
  run: BenchRun,
): Promise<MeasuredRun | NotShown> {
  const out = outFolder(run, checkout)
  await rm(out, { recursive: true, force: true })
  const memory = watchMemory(run.folder)
  const { seconds, failure } = await (figure.fresh ? runFresh(checkout, words, run) : runHere(checkout, words, run))
  const peak = await memory.stop()
  const result = figure.hasNoResult ? undefined : await readRun(join(out, RESULT_FILE))
  const judged = judgeRun(figure, { seconds, failure, run: result })
  return judged.kind === 'none' ? judged : { ...judged, peak, run: result }
}

interface Ended {
  readonly seconds: number
  readonly failure?: string
}

function runHere({ path, env }: Checkout, words: readonly string[], { signal }: BenchRun): Promise<Ended> {
  return runCommand(words, { cwd: path, env, signal })
}

/** Runs a command in a new clone of the checkout's commit. Its time begins with the clone. */
async function runFresh(checkout: Checkout, words: readonly string[], { root, folder, signal }: BenchRun): Promise<Ended> {
  const place = join(folder, 'fresh')
  const path = join(place, 'clone')
  const home = withoutCaches(checkout.env, place)
  await mkdir(join(place, 'home'), { recursive: true })
  let seconds = 0
  try {
    const steps = [
      ...cloneCommands(root, path, checkout.commit).map((command) => ({ command, cwd: root, env: checkout.env })),
      { command: words, cwd: path, env: home },
    ]
    for (const { command, cwd, env } of steps) {
      const ended = await runCommand(command, { cwd, env, signal })
      seconds += ended.seconds
      if (ended.failure !== undefined) return { seconds, failure: ended.failure }
    }
    return { seconds }
  } finally {
    await rm(place, { recursive: true, force: true })
  }
}

async function readRun(file: string): Promise<Run | undefined> {
  try {
    return runSchema.parse(JSON.parse(await readFile(file, 'utf8')))
  } catch {
    return undefined
  }
}

function outFolder({ folder }: BenchRun, { name }: Checkout): string {
  return join(folder, 'out', name)
}

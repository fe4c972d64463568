import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { BrokenLab, UsageError } from '../../../harness/errors.ts'
import type { Bench } from '../../../harness/result/bench.ts'
import { type CheckoutTraits, commandWords, type FigureSpec, lists, setupWords } from './figures.ts'
import { BENCH_VARIABLE } from './memory.ts'
import { runCommand } from './run_command.ts'

/** One cell, to fill the caches of the kernel and of a checkout before anything is measured. */
const WARM_UP: FigureSpec = {
  id: 'warm-up',
  title: 'one cell',
  script: 'verify',
  words: ['--only', 'host/lvm-thin/lvm-thin/mixed'],
  unit: 'seconds',
}

/** One of the two checkouts that are measured. */
export interface Checkout {
  readonly name: 'before' | 'after'
  readonly path: string
  readonly commit: string
  readonly env: NodeJS.ProcessEnv
}

/** The choices and the surroundings that all commands of a run share. */
export interface BenchRun {
  /** The repository of this checkout. */
  readonly root: string
  /** A temporary folder. Its path marks the processes of the run. */
  readonly folder: string
  readonly seed: number
  readonly kernel: string | undefined
  readonly signal: AbortSignal
  log(line: string): void
}

/** The two commits of a run. */
export type Commits = Pick<Bench, 'before' | 'after'>

/** Finds the commits to measure. Throws UsageError if one does not exist. */
export async function findCommits(root: string, against: string, signal: AbortSignal): Promise<Commits> {
  const git = (...words: string[]) => runCommand(['git', ...words], { cwd: root, env: process.env, signal })
  const [before, after, status] = [
    await git('rev-parse', '--verify', '--quiet', '--end-of-options', `${against}^{commit}`),
    await git('rev-parse', '--verify', '--quiet', 'HEAD^{commit}'),
    await git('status', '--porcelain', '--untracked-files=no'),
  ]
  if (after.failure !== undefined) throw new UsageError(`bench needs a git checkout: ${after.failure}`)
  if (before.failure !== undefined) throw new UsageError(`--against: this repository has no commit '${against}'`)
  return {
    before: { commit: before.stdout.trim() },
    after: { commit: after.stdout.trim(), ...(status.stdout.trim() !== '' && { changed: true }) },
  }
}

/** The checkout that this command belongs to, as it is. */
export function thisCheckout({ root, folder }: BenchRun, commit: string): Checkout {
  return { name: 'after', path: root, commit, env: measuredEnvironment(folder) }
}

/** Clones an earlier commit into the temporary folder. Its cache is its own: another commit may unpack other packages. */
export async function cloneEarlier(run: BenchRun, commit: string): Promise<Checkout> {
  const { HOLEPROOF_CACHE: _, ...env } = measuredEnvironment(run.folder)
  const path = join(run.folder, 'before')
  run.log(`bench: cloning ${shortHash(commit)}`)
  for (const words of cloneCommands(run.root, path, commit)) {
    const { failure } = await runCommand(words, { cwd: run.root, env, signal: run.signal })
    if (failure !== undefined) throw new BrokenLab(`cannot clone ${shortHash(commit)}: ${failure}`)
  }
  return { name: 'before', path, commit, env }
}

/** The commands that clone a commit, whether or not a branch has it. */
export function cloneCommands(root: string, path: string, commit: string): string[][] {
  return [
    ['git', 'clone', '--quiet', '--no-checkout', root, path],
    ['git', '-C', path, 'checkout', '--quiet', '--detach', commit],
  ]
}

/** Sets a checkout up and runs one cell there. Throws BrokenLab if that fails. */
export async function prepare(checkout: Checkout, figures: readonly FigureSpec[], run: BenchRun): Promise<void> {
  const what = `${checkout.name}, ${shortHash(checkout.commit)}`
  const start = (words: readonly string[]) => runCommand(words, { cwd: checkout.path, env: checkout.env, signal: run.signal })
  const runHere = async (words: readonly string[]) => {
    const { failure, stdout } = await start(words)
    if (failure !== undefined) throw new BrokenLab(`cannot prepare ${what}: ${failure}`)
    return stdout
  }
  run.log(`bench: setting up ${what}`)
  await runHere(setupWords(await runHere(['scripts/setup', '--help']), figures, run.kernel))
  const traits = { help: await runHere(['scripts/verify', '--help']), has: () => false }
  if (run.kernel !== undefined && !lists(traits.help, '--kernel'))
    run.log(`bench: ${what} has no --kernel. It runs on the kernel that it has.`)
  const warmUp = commandWords(WARM_UP, traits, { ...run, out: join(run.folder, 'warm-up') })
  if (warmUp.kind === 'words') await runHere(warmUp.words)
  // If this fails, the figure itself fails too and reports it.
  for (const { script, warmUp: words } of figures) if (words !== undefined) await start([`scripts/${script}`, ...words])
}

/** The traits of a checkout for one of its scripts, or the reason why it does not have that script. */
export async function traitsOf({ path, env }: Checkout, script: string, signal: AbortSignal): Promise<CheckoutTraits | { why: string }> {
  const { stdout, failure } = await runCommand([`scripts/${script}`, '--help'], { cwd: path, env, signal })
  return failure === undefined ? { help: stdout, has: (file) => existsSync(join(path, file)) } : { why: failure }
}

/** The environment of all measured commands. They must not write to the page of this GitHub job. */
function measuredEnvironment(mark: string): NodeJS.ProcessEnv {
  const { GITHUB_ACTIONS: _, GITHUB_STEP_SUMMARY: __, ...env } = process.env
  return { ...env, [BENCH_VARIABLE]: mark }
}

/** The environment of a command that must find nothing cached. The settings of npm stay, because they name its registry. */
export function withoutCaches(env: NodeJS.ProcessEnv, folder: string): NodeJS.ProcessEnv {
  const { HOLEPROOF_CACHE: _, ...rest } = env
  return {
    ...rest,
    HOME: join(folder, 'home'),
    XDG_CACHE_HOME: join(folder, 'home', '.cache'),
    npm_config_cache: join(folder, 'npm'),
    npm_config_userconfig: env.npm_config_userconfig ?? join(homedir(), '.npmrc'),
  }
}

export function shortHash(commit: string): string {
  return commit.slice(0, 7)
}

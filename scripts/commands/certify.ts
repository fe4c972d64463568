import { join } from 'node:path'
import { Option } from '@commander-js/extra-typings'
import { bundleModule } from '../../harness/certify/candidate/bundle_module.ts'
import { type Candidate, onCinder } from '../../harness/certify/candidate/candidate.ts'
import type { Cinder } from '../../harness/certify/candidate/cinder.ts'
import { CANDIDATE_LIMITS, certify, SEARCH_SECONDS, STORAGE_BYTES } from '../../harness/certify/certify.ts'
import { listChecks } from '../../harness/certify/checks/list_checks.ts'
import { peerCandidates } from '../../harness/certify/session/peers.ts'
import { UsageError } from '../../harness/errors.ts'
import type { MachineChoice } from '../../harness/machine/machine.ts'
import { commandLine } from '../../harness/paths.ts'
import type { CinderRun } from '../../harness/result/cinders.ts'
import { quoted } from '../../harness/result/describe.ts'
import type { Result } from '../../harness/result/result.ts'
import { MiB } from '../../harness/units.ts'
import { assignToShard } from '../../harness/verify/shard.ts'
import { EXIT, newCommand, runnable, version } from '../lib/cli/command.ts'
import {
  CINDER_MIB,
  CINDER_SECONDS,
  cinderOption,
  collect,
  driverOption,
  findCandidates,
  findPeer,
  parseWithDrivers,
  readDriverOptions,
  wordsOf,
} from '../lib/cli/drivers.ts'
import { isMeant, parseOnly } from '../lib/cli/only.ts'
import { addRunOptions, machineWords, newSeed, onlyOption, parseWhole } from '../lib/cli/options.ts'
import { type ShardNumber, seedOfShards, shardOption } from '../lib/cli/shard.ts'
import { stopOnSignals } from '../lib/cli/signals.ts'
import { showProgress } from '../lib/output/progress.ts'
import { reportRun } from '../lib/output/report_run.ts'
import { reportCinders, writeCinder } from '../lib/output/report_side_by_side.ts'
import { COUNTEREXAMPLES, prepareRun } from '../lib/output/result_folder.ts'
import { createLogger } from '../lib/output/terminal.ts'
import { readBaseline } from '../lib/read/result.ts'
import { bringCinders } from '../lib/setup/cinder.ts'
import { prepareMachine } from '../lib/setup/select_machine.ts'

const command = addRunOptions(
  newCommand(
    'certify',
    'Tests whether a volume driver keeps its claim on real, dirty storage. The driver is built in, a TypeScript or JavaScript module, or any program that speaks the driver protocol (docs/protocol.md).',
    [
      ['certify ./driver.py --config x', 'a program with its arguments'],
      ['certify ./driver.ts', 'a module'],
      ['certify lvm-thin liar/lvm-thick', 'two built-in drivers'],
      ['certify built-in liars', 'all built-in drivers, honest and lying'],
      ['certify --peer cinder:lvm-thick cinder:lvm-thin', "Cinder's LVM driver, with another one to migrate to"],
      ['certify --cinder 26,29 cinder:lvm-thin', 'the same driver of two releases, side by side'],
      ['certify --only partial-writes-read-zero ./driver.py', 'some checks only'],
    ],
  )
    .argument('[driver...]', "built-in names, 'built-in' or 'liars' for all of a kind, or one program or module with its arguments")
    .addOption(onlyOption('check'))
    .addOption(shardOption('drivers'))
    .option('--list', 'print the checks and exit')
    .addOption(new Option('--peer <driver>', 'another driver to migrate from and to; may be repeated').argParser(collect))
    .addOption(driverOption())
    .addOption(cinderOption())
    .addOption(
      new Option(
        '--storage <MiB>',
        `size of the driver's storage (default: ${STORAGE_BYTES / MiB}, for Cinder's drivers ${CINDER_MIB})`,
      ).argParser(parseWhole('--storage')),
    )
    .addOption(
      new Option('--ask-seconds <s>', 'time limit for get_capabilities')
        .argParser(parseWhole('--ask-seconds'))
        .default(CANDIDATE_LIMITS.askSeconds),
    )
    .addOption(
      new Option(
        '--verb-seconds <s>',
        `time limit for any other verb (default: ${CANDIDATE_LIMITS.verbSeconds}, for Cinder's drivers ${CINDER_SECONDS})`,
      ).argParser(parseWhole('--verb-seconds')),
    )
    .addOption(
      new Option('--search-seconds <s>', 'time limit for the search for a smaller counterexample; 0 for no search')
        .argParser(parseWhole('--search-seconds'))
        .default(SEARCH_SECONDS),
    )
    .addOption(new Option('--minutes <m>', 'start no check of a driver after this time').argParser(parseWhole('--minutes')).default(15)),
  'a check',
)

command.enablePositionalOptions()

type Options = ReturnType<typeof command.opts>

export default runnable(command, async () => {
  const { options, drivers } = readWords(process.argv.slice(2))
  if (options.list) {
    for (const { id, title } of listChecks()) console.log(`${id.padEnd(34)} ${title}`)
    return EXIT.upheld
  }
  const plan = planRun(options, drivers)
  if (options.cinder.length > 1) return runOnCinders(plan, options, drivers)
  const baseline = await readBaseline(options.baseline)
  const prepared = await prepare(plan, options, drivers)
  const [cinder] = prepared.cinders
  const result = await run(cinder === undefined ? plan : onOne(plan, cinder), prepared, options, drivers)
  const code = await reportRun(result, { ...options, baseline })
  await bundleRefutedModules(result, plan.candidates, options.out)
  return code
})

/** Certifies the drivers of one Cinder after the other. */
async function runOnCinders(plan: Plan, options: Options, drivers: readonly string[]): Promise<number> {
  if (!plan.usesCinder) throw new UsageError('--cinder names several, and no driver is one of theirs')
  if (options.shard !== undefined) throw new UsageError('--shard works with one Cinder. Give each a job of its own.')
  if (options.baseline !== undefined) throw new UsageError('--baseline works with one Cinder. Compare the result of each afterwards.')
  const prepared = await prepare(plan, options, drivers)
  const runs: CinderRun[] = []
  for (const cinder of prepared.cinders) {
    prepared.log(`on Cinder ${cinder.name}`)
    const ended = { cinder: cinder.name, result: await run(onOne(plan, cinder), prepared, options, drivers) }
    await writeCinder(ended, options)
    runs.push(ended)
  }
  return reportCinders(runs, options)
}

function onOne(plan: Plan, cinder: Cinder): Plan {
  const { candidates, peers } = plan
  return {
    ...plan,
    cinder,
    candidates: candidates.map((some) => onCinder(some, cinder)),
    peers: peers.map((some) => onCinder(some, cinder)),
  }
}

export function readWords(words: readonly string[]): { readonly options: Options; readonly drivers: readonly string[] } {
  const drivers = parseWithDrivers(command, words)
  return { options: command.opts(), drivers }
}

/** The certification that a command line asks for. */
interface Plan {
  /** The drivers of all shards. */
  readonly all: readonly Candidate[]
  /** The drivers of this shard. */
  readonly candidates: readonly Candidate[]
  readonly peers: readonly Candidate[]
  /** The ids of all checks. */
  readonly checks: readonly string[]
  readonly isWanted: (check: string) => boolean
  readonly usesCinder: boolean
  /** The one that Cinder's drivers run on. */
  readonly cinder?: Cinder
  readonly driverOptions: Readonly<Record<string, string>>
  readonly seed: number
}

/** Reads the plan from a command line, before anything is set up. Throws UsageError if it does not make sense. */
function planRun(options: Options, drivers: readonly string[]): Plan {
  const all = findCandidates(drivers)
  const candidates = options.shard === undefined ? all : shareOf(all, options.shard)
  const peers = (options.peer ?? []).map(findPeer)
  const twice = peers.find(({ name }, index) => peerCandidates(peers.slice(0, index)).some((other) => other.name === name))
  if (twice !== undefined)
    throw new UsageError(
      `--peer: there are two peers called ${twice.name}, so their checks would have the same id. Name one of them otherwise, as by a link to it.`,
    )
  const checks = listChecks(peers).map(({ id }) => id)
  return {
    all,
    candidates,
    peers,
    checks,
    isWanted: selectChecks(options.only, checks),
    usesCinder: [...all, ...peers].some(({ kind }) => kind === 'cinder'),
    driverOptions: readDriverOptions(options.option),
    seed: options.shard ? seedOfShards(options.seed) : (options.seed ?? newSeed()),
  }
}

/** A driver goes to one shard as a whole. */
function shareOf(all: readonly Candidate[], shard: ShardNumber): Candidate[] {
  const share = assignToShard(
    all.map(({ name }) => ({ id: name, cost: 1 })),
    shard,
    'driver',
  )
  return all.filter(({ name }) => share.has(name))
}

function selectChecks(only: string | undefined, checks: readonly string[]): (check: string) => boolean {
  if (only === undefined) return () => true
  const wanted = parseOnly(only, checks, 'check', 'certify')
  return (check) => wanted.some((some) => isMeant(check, some))
}

/** Where a plan is carried out. */
interface Prepared {
  readonly machine: MachineChoice
  /** Those that the options name, if a driver needs one. */
  readonly cinders: readonly Cinder[]
  readonly signal: AbortSignal
  readonly log: (line: string) => void
}

/** Sets up the machine and what the drivers need. */
async function prepare({ candidates, usesCinder }: Plan, options: Options, drivers: readonly string[]): Promise<Prepared> {
  const log = createLogger(options)
  // An option of this command after a program goes to the program, which surprises.
  if (drivers.length > 1 && candidates.some(({ kind }) => kind === 'program')) log(`driver command: ${drivers.map(quoted).join(' ')}`)
  await prepareRun(options.out, log)
  const machine = await prepareMachine(options.machine, options.kernel, log)
  const cinders = usesCinder ? await bringCinders(options.cinder, log) : []
  return { machine, cinders, signal: stopOnSignals().signal, log }
}

/** Certifies the drivers. */
async function run(plan: Plan, { machine, signal }: Prepared, options: Options, drivers: readonly string[]): Promise<Result> {
  const { all, candidates, peers, checks, isWanted, usesCinder, cinder, seed } = plan
  // The first check sets the driver up, so it always runs.
  const perDriver = checks.filter((check, index) => index === 0 || isWanted(check)).length
  const progress = showProgress(perDriver * candidates.length, options)
  const ended = await certify({
    candidates,
    peers,
    machine,
    seed,
    version,
    storageBytes: (options.storage ?? (usesCinder ? CINDER_MIB : STORAGE_BYTES / MiB)) * MiB,
    limits: {
      askSeconds: options.askSeconds,
      verbSeconds: options.verbSeconds ?? (usesCinder ? CINDER_SECONDS : CANDIDATE_LIMITS.verbSeconds),
    },
    options: plan.driverOptions,
    searchSeconds: options.searchSeconds,
    seconds: options.minutes * 60,
    signal,
    onEvent: progress.onEvent,
    repeat: (candidate, check) => repeat({ options, machine, seed, cinder }, candidate, check),
    only: isWanted,
  }).finally(progress.stop)
  if (options.shard === undefined) return ended
  const whole = { cells: [], copies: [], drivers: all.map(({ name, kind }) => ({ driver: name, kind })) }
  return { ...ended, shard: { ...options.shard, whole, asked: sharedCommandLine(options, drivers) } }
}

/** Writes the bundle of each refuted module beside its counterexamples, whose scripts run it. */
async function bundleRefutedModules({ certificates }: Result, candidates: readonly Candidate[], out: string): Promise<void> {
  for (const candidate of candidates) {
    const refuted = certificates.some(({ driver, counterexamples }) => driver === candidate.name && counterexamples.length > 0)
    if (candidate.kind === 'module' && refuted) await bundleModule(candidate.path, join(out, COUNTEREXAMPLES))
  }
}

/** The command line that repeats a check of a driver, or all of its checks. */
function repeat({ options, machine, seed, cinder }: RunOfDriver, candidate: Candidate, check: string | undefined): string {
  const only = check === undefined ? [] : ['--only', check]
  const where = [...machineWords(machine, options.kernel), ...(cinder === undefined ? [] : ['--cinder', cinder.asked])]
  return inShell([...where, '--seed', String(seed), ...only, ...conditions(options), ...wordsOf(candidate)])
}

interface RunOfDriver {
  readonly options: Options
  readonly machine: MachineChoice
  readonly seed: number
  readonly cinder: Cinder | undefined
}

/** The command line that all shards of a run have in common; merge refuses shards that differ in it. */
function sharedCommandLine(options: Options, drivers: readonly string[]): string {
  const only = options.only === undefined ? [] : ['--only', options.only]
  return inShell([...only, '--minutes', String(options.minutes), ...conditions(options), ...drivers])
}

/** The options that a driver is certified under. */
function conditions({ storage, askSeconds, verbSeconds, searchSeconds, option = [], peer = [] }: Options): string[] {
  return [
    ...(searchSeconds === SEARCH_SECONDS ? [] : ['--search-seconds', String(searchSeconds)]),
    ...(storage === undefined ? [] : ['--storage', String(storage)]),
    ...(askSeconds === CANDIDATE_LIMITS.askSeconds ? [] : ['--ask-seconds', String(askSeconds)]),
    ...(verbSeconds === undefined ? [] : ['--verb-seconds', String(verbSeconds)]),
    ...option.flatMap((pair) => ['--option', pair]),
    ...peer.flatMap((name) => ['--peer', name]),
  ]
}

function inShell(words: readonly string[]): string {
  return commandLine(['certify', ...words.map(quoted)].join(' '))
}

import { join } from 'node:path'
import { Option } from 'commander'
import { bundleModule } from '../../harness/certify/candidate/bundle_module.ts'
import { type Candidate, findCandidate, isCinder } from '../../harness/certify/candidate/candidate.ts'
import { CANDIDATE_LIMITS, certify, STORAGE_BYTES } from '../../harness/certify/certify.ts'
import { listChecks } from '../../harness/certify/checks/list_checks.ts'
import { type DriverName, driverNames, honestNames } from '../../harness/drivers/backend.ts'
import { UsageError } from '../../harness/errors.ts'
import type { MachineKind } from '../../harness/machine/machine.ts'
import { commandLine } from '../../harness/paths.ts'
import { quoted } from '../../harness/result/describe.ts'
import { MiB } from '../../harness/units.ts'
import { assignToShard } from '../../harness/verify/shard.ts'
import { baselineOption, readBaseline } from '../lib/baseline.ts'
import { EXIT, newCommand, runnable, version } from '../lib/command.ts'
import { showProgress } from '../lib/progress.ts'
import {
  COUNTEREXAMPLES,
  createLogger,
  isMeant,
  newSeed,
  onlyOption,
  parseOnly,
  parseWhole,
  prepareRun,
  quietOption,
  report,
  stopOnSignals,
  summaryOption,
} from '../lib/run.ts'
import { prepareMachine } from '../lib/select_machine.ts'
import { setUp } from '../lib/setup.ts'
import { type ShardNumber, seedOfShards, shardOption } from '../lib/shard.ts'

interface Options {
  machine: MachineKind | 'auto'
  only?: string
  peer: string[]
  option: string[]
  storage?: number
  askSeconds: number
  verbSeconds?: number
  minutes: number
  seed?: number
  shard?: ShardNumber
  out: string
  strict?: boolean
  summary?: string
  baseline?: string
  plain?: boolean
  quiet?: boolean
  list?: boolean
}

/** Cinder's volumes are whole GiB, and several must fit; it takes a while to start. */
const CINDER_MIB = 4608
const CINDER_SECONDS = 300

/** Words for several built-in drivers. */
const GROUPS: ReadonlyMap<string, readonly DriverName[]> = new Map([
  ['built-in', honestNames],
  ['liars', driverNames.filter((name) => !honestNames.some((honest) => honest === name))],
])

const command = newCommand(
  'certify',
  'Holds a volume driver to its claim on real, dirty storage: a built-in driver, a TypeScript or JavaScript module, or any program that speaks the driver protocol (docs/driver-protocol.md).',
  [
    ['certify ./driver.py --config x', 'a program, with its arguments'],
    ['certify ./driver.ts', 'a module'],
    ['certify lvm-thin liar/lvm-thick', 'built-in drivers'],
    ['certify built-in liars', 'all of them, honest and lying'],
    ['certify --peer cinder:lvm-thick cinder:lvm-thin', "Cinder's own LVM driver, and another to migrate to"],
    ['certify --only partial-writes-read-zero ./driver.py', 'some checks'],
  ],
)
  .argument('[driver...]', "built-in names, 'built-in' or 'liars' for all of a kind, or one program or module with its arguments")
  .addOption(new Option('--machine <kind>', 'where to run').choices(['auto', 'native', 'uml', 'qemu']).default('auto'))
  .addOption(onlyOption('checks'))
  .option('--peer <driver>', 'another driver to migrate from and to; may be given again', collect, [])
  .option('--option <key=value>', 'handed to the driver in do_setup; may be given again', collect, [])
  .addOption(
    new Option(
      '--storage <MiB>',
      `what the driver is given, in MiB (default: ${STORAGE_BYTES / MiB}, for Cinder's drivers ${CINDER_MIB})`,
    ).argParser(parseWhole('--storage')),
  )
  .addOption(
    new Option('--ask-seconds <s>', 'how long get_capabilities may take')
      .argParser(parseWhole('--ask-seconds'))
      .default(CANDIDATE_LIMITS.askSeconds),
  )
  .addOption(
    new Option(
      '--verb-seconds <s>',
      `how long any other verb may take (default: ${CANDIDATE_LIMITS.verbSeconds}, for Cinder's drivers ${CINDER_SECONDS})`,
    ).argParser(parseWhole('--verb-seconds')),
  )
  .addOption(new Option('--minutes <m>', 'no check of a driver begins later than this').argParser(parseWhole('--minutes')).default(15))
  .addOption(new Option('--seed <number>', 'repeats a run').argParser(parseWhole('--seed')))
  .addOption(shardOption('drivers'))
  .option('--out <folder>', 'where result.json, junit.xml and the counterexamples go', 'reports')
  .addOption(summaryOption())
  .addOption(baselineOption())
  .option('--strict', 'a check that is not shown fails the run (exit code 1)')
  .option('--plain', 'no colours, no progress bar')
  .addOption(quietOption())
  .option('--list', 'print the checks and end')

command.enablePositionalOptions()

export default runnable(command, async () => {
  const { options, drivers } = readWords(process.argv.slice(2))
  if (options.list) {
    for (const { id, title } of listChecks()) console.log(`${id.padEnd(34)} ${title}`)
    return EXIT.upheld
  }
  const all = findCandidates(drivers)
  // A driver's checks share its storage and come in order, so a driver is not shared out.
  const share =
    options.shard &&
    assignToShard(
      all.map(({ name }) => ({ id: name, cost: 1 })),
      options.shard,
    )
  const candidates = all.filter(({ name }) => share === undefined || share.has(name))
  const peers = options.peer.map((text) => {
    const [driver = '', ...args] = text.split(' ')
    return findCandidate(driver, args)
  })
  const checks = listChecks(peers)
  const wanted =
    options.only === undefined
      ? undefined
      : parseOnly(
          options.only,
          checks.map(({ id }) => id),
          'check',
          'certify',
        )
  const usesCinder = [...all, ...peers].some(({ name }) => isCinder(name))
  const storageBytes = (options.storage ?? (usesCinder ? CINDER_MIB : STORAGE_BYTES / MiB)) * MiB
  const driverOptions = Object.fromEntries(options.option.map(parsePair))
  const seed = options.shard ? seedOfShards(options.seed) : (options.seed ?? newSeed())
  const baseline = await readBaseline(options.baseline)
  const say = createLogger(options)
  // What follows a program is the program's, also where it looks like an option of this command.
  if (drivers.length > 1 && candidates.some(({ kind, name }) => kind === 'program' && !isCinder(name)))
    say(`the driver is called as: ${drivers.map(quoted).join(' ')}`)
  await prepareRun(options.out, say)
  const machine = await prepareMachine(options.machine, say)
  if (usesCinder) await setUp(['cinder'], say)
  const stop = stopOnSignals()
  const isWanted = (id: string) => wanted === undefined || wanted.some((some) => isMeant(id, some))
  // The first sets the driver up, whatever else is wanted.
  const progress = showProgress(checks.filter(({ id }, index) => index === 0 || isWanted(id)).length * candidates.length, options)
  const ended = await certify({
    candidates,
    peers,
    machine,
    seed,
    version,
    storageBytes,
    limits: {
      askSeconds: options.askSeconds,
      verbSeconds: options.verbSeconds ?? (usesCinder ? CINDER_SECONDS : CANDIDATE_LIMITS.verbSeconds),
    },
    options: driverOptions,
    seconds: options.minutes * 60,
    signal: stop.signal,
    onEvent: progress.tell,
    repeat: (candidate, check) => repeat(options, machine, seed, candidate, check),
    only: isWanted,
  }).finally(progress.stop)
  const whole = { cells: [], copies: [], drivers: all.map(({ name, kind }) => ({ driver: name, kind })) }
  const result = options.shard ? { ...ended, shard: { ...options.shard, whole, asked: asked(options, drivers) } } : ended

  const code = await report(result, { ...options, baseline })
  for (const candidate of candidates) {
    const refuted = result.certificates.some(({ driver, counterexamples }) => driver === candidate.name && counterexamples.length > 0)
    // The script of a module's counterexample runs the module's bundle beside it.
    if (candidate.kind === 'module' && refuted) await bundleModule(candidate.path, join(options.out, COUNTEREXAMPLES))
  }
  return code
})

/** What follows a program is the program's; built-in drivers take no arguments, so after them options may come, too. */
export function readWords(words: readonly string[]): { readonly options: Options; readonly drivers: readonly string[] } {
  command.passThroughOptions(true).parse(words, { from: 'user' })
  const [first] = command.args
  if (first !== undefined && isNamed(first)) command.passThroughOptions(false).parse(words, { from: 'user' })
  return { options: command.opts<Options>(), drivers: command.args }
}

/** Throws UsageError where the words name no driver. */
export function findCandidates(words: readonly string[]): Candidate[] {
  const [first, ...rest] = words
  if (first === undefined) throw new UsageError(`name a driver; ${commandLine('certify')} --help shows how`)
  if (isCinder(first)) return words.map((word) => findCandidate(word))
  if (!isNamed(first)) return [findCandidate(first, rest)]
  return [...new Set(words.flatMap((word) => GROUPS.get(word) ?? word))].map((word) => findCandidate(word))
}

function isNamed(word: string): boolean {
  const names: readonly string[] = driverNames
  return GROUPS.has(word) || names.includes(word) || isCinder(word)
}

function repeat(options: Options, machine: MachineKind, seed: number, candidate: Candidate, check: string | undefined): string {
  return inShell('certify', [
    ...['--machine', machine, '--seed', String(seed)],
    ...(check === undefined ? [] : ['--only', check]),
    ...conditions(options),
    ...(candidate.kind === 'built-in' || isCinder(candidate.name)
      ? [candidate.name]
      : candidate.kind === 'module'
        ? [candidate.path]
        : candidate.argv),
  ])
}

/** What all shards of a run are asked, whatever else they are given. */
function asked(options: Options, drivers: readonly string[]): string {
  const { only, minutes } = options
  return inShell('certify', [
    ...(only === undefined ? [] : ['--only', only]),
    ...['--minutes', String(minutes)],
    ...conditions(options),
    ...drivers,
  ])
}

/** The options that a driver is certified under. */
function conditions({ storage, askSeconds, verbSeconds, option, peer }: Options): string[] {
  return [
    ...(storage === undefined ? [] : ['--storage', String(storage)]),
    ...(askSeconds === CANDIDATE_LIMITS.askSeconds ? [] : ['--ask-seconds', String(askSeconds)]),
    ...(verbSeconds === undefined ? [] : ['--verb-seconds', String(verbSeconds)]),
    ...option.flatMap((pair) => ['--option', pair]),
    ...peer.flatMap((name) => ['--peer', name]),
  ]
}

function inShell(command: string, words: readonly string[]): string {
  return commandLine([command, ...words.map(quoted)].join(' '))
}

function collect(text: string, before: string[]): string[] {
  return [...before, text]
}

function parsePair(text: string): [string, string] {
  const at = text.indexOf('=')
  if (at < 1) throw new UsageError(`--option: '${text}' is not KEY=VALUE`)
  return [text.slice(0, at), text.slice(at + 1)]
}

import { Option } from '@commander-js/extra-typings'
import { brokenModelNames } from '../../harness/explore/broken_models.ts'
import { traps } from '../../harness/explore/traps.ts'
import { commandLine } from '../../harness/paths.ts'
import { brokenRuleNames } from '../../harness/verify/broken_rules.ts'
import { allCells } from '../../harness/verify/cell.ts'
import { assignToShard, estimateCellCost, estimateCopyCost } from '../../harness/verify/shard.ts'
import { verify } from '../../harness/verify/verify.ts'
import { EXIT, newCommand, runnable, version } from '../lib/cli/command.ts'
import { openDebugShell } from '../lib/cli/debug_shell.ts'
import { isMeant, parseOnly } from '../lib/cli/only.ts'
import { addRunOptions, machineWords, newSeed, onlyOption } from '../lib/cli/options.ts'
import { repeatVerify } from '../lib/cli/repeat_verify.ts'
import { type ShardNumber, seedOfShards, shardOption } from '../lib/cli/shard.ts'
import { stopOnSignals } from '../lib/cli/signals.ts'
import { showProgress } from '../lib/output/progress.ts'
import { reportRun } from '../lib/output/report_run.ts'
import { prepareRun } from '../lib/output/result_folder.ts'
import { createLogger } from '../lib/output/terminal.ts'
import { readBaseline } from '../lib/read/result.ts'
import { prepareMachine } from '../lib/setup/select_machine.ts'

/** The time limit for shrinking a disagreement with the model to its smallest case. */
const SHRINK_SECONDS = 60

const command = addRunOptions(
  newCommand(
    'verify',
    'Migrates volumes between real LVM and NFS backends on poisoned storage, checks every byte, and reports whether the rule holds.',
    [
      ['verify', 'run the whole matrix'],
      ['verify --only host/lvm-thin', 'run the cells whose ids begin with this'],
      ['verify --only table/full,table/sparse', "reproduce the spec's own table"],
      ['verify --break always-sparse', 'watch the harness catch a broken rule'],
    ],
  )
    .addOption(onlyOption('cell'))
    .addOption(shardOption('cells'))
    .option('--list', 'print the ids of the cells and exit')
    .option('--keep', 'stop at the first cell that is not upheld, keep its storage and open a shell there')
    .addOption(
      new Option('--break <rule>', 'break the rule or the model on purpose: the run must fail').choices([
        ...brokenRuleNames,
        ...brokenModelNames,
      ]),
    ),
  'a cell',
)

export default runnable(command, async () => {
  const options = command.parse().opts()
  const all = selectAll(options.only)
  const { cells, copies } = options.shard === undefined ? all : shareOf(all, options.shard)
  if (options.list) {
    console.log([...cells, ...copies].map(({ id }) => id).join('\n'))
    return EXIT.upheld
  }
  const seed = options.shard ? seedOfShards(options.seed) : (options.seed ?? newSeed())
  const baseline = await readBaseline(options.baseline)
  const log = createLogger(options)
  await prepareRun(options.out, log)
  const machine = await prepareMachine(options.machine, options.kernel, log)

  const stop = stopOnSignals()
  const progress = showProgress(cells.length + copies.length, options)
  const ended = await verify({
    cells,
    copies,
    shrinkSeconds: SHRINK_SECONDS,
    machine,
    seed,
    version,
    signal: stop.signal,
    onEvent: progress.onEvent,
    repeat: ({ id }) => repeatVerify(id, { machine: machineWords(machine, options.kernel), seed, brokenRule: options.break }),
    ...(options.break !== undefined && { brokenRule: options.break }),
    ...(options.keep && {
      machines: 1,
      debugShell: async (testBed, cell) => {
        progress.stop()
        await openDebugShell(testBed, cell)
        stop.abort()
      },
    }),
  }).finally(progress.stop)
  const whole = { cells: all.cells.map(({ id }) => id), copies: all.copies.map(({ id }) => id), drivers: [] }
  const result = options.shard ? { ...ended, shard: { ...options.shard, whole, asked: sharedCommandLine(options) } } : ended

  return reportRun(result, { ...options, baseline })
})

interface Selection {
  readonly cells: typeof allCells
  readonly copies: typeof traps
}

/** The cells and traps that --only selects; all of them without it. */
function selectAll(only: string | undefined): Selection {
  if (only === undefined) return { cells: allCells, copies: traps }
  const ids = [...allCells, ...traps].map(({ id }) => id)
  const wanted = parseOnly(only, ids, 'cell', 'verify')
  const isWanted = ({ id }: { readonly id: string }) => wanted.some((some) => isMeant(id, some))
  return { cells: allCells.filter(isWanted), copies: traps.filter(isWanted) }
}

function shareOf({ cells, copies }: Selection, shard: ShardNumber): Selection {
  const share = assignToShard([...cells.map(estimateCellCost), ...copies.map(estimateCopyCost)], shard)
  return { cells: cells.filter(({ id }) => share.has(id)), copies: copies.filter(({ id }) => share.has(id)) }
}

/** The command line that all shards of a run have in common; merge refuses shards that differ in it. */
function sharedCommandLine({ only, break: broken }: { readonly only?: string; readonly break?: string }): string {
  const words = ['verify', ...(only === undefined ? [] : ['--only', only]), ...(broken === undefined ? [] : ['--break', broken])]
  return commandLine(words.join(' '))
}

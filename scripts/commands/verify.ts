import { Option } from 'commander'
import { type BrokenModel, brokenModelNames } from '../../harness/explore/broken_models.ts'
import { traps } from '../../harness/explore/traps.ts'
import type { MachineKind } from '../../harness/machine/machine.ts'
import { commandLine } from '../../harness/paths.ts'
import { type BrokenRule, brokenRuleNames } from '../../harness/verify/broken_rules.ts'
import { allCells } from '../../harness/verify/cell.ts'
import { assignToShard, estimateCellCost, estimateCopyCost } from '../../harness/verify/shard.ts'
import { verify } from '../../harness/verify/verify.ts'
import { baselineOption, readBaseline } from '../lib/baseline.ts'
import { EXIT, newCommand, runnable, version } from '../lib/command.ts'
import { openDebugShell } from '../lib/debug_shell.ts'
import { showProgress } from '../lib/progress.ts'
import { repeatVerify } from '../lib/repeat_verify.ts'
import {
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
import { type ShardNumber, seedOfShards, shardOption } from '../lib/shard.ts'

interface Options {
  machine: MachineKind | 'auto'
  only?: string
  seed?: number
  shard?: ShardNumber
  out: string
  strict?: boolean
  summary?: string
  baseline?: string
  keep?: boolean
  plain?: boolean
  quiet?: boolean
  list?: boolean
  break?: BrokenRule | BrokenModel
}

/** How long the smallest case of a disagreement with the model is looked for. */
const SHRINK_SECONDS = 60

const command = newCommand(
  'verify',
  'Migrates volumes between real LVM and NFS backends on poisoned storage, checks every byte, and says whether the rule holds.',
  [
    ['verify', 'the whole matrix'],
    ['verify --only host/lvm-thin', 'the cells whose id begins so'],
    ['verify --only table/full,table/sparse', "the spec's own table"],
    ['verify --break always-sparse', 'see the harness catch a broken rule'],
  ],
)
  .addOption(new Option('--machine <kind>', 'where to run').choices(['auto', 'native', 'uml', 'qemu']).default('auto'))
  .addOption(onlyOption('cells'))
  .addOption(new Option('--seed <number>', 'repeats a run').argParser(parseWhole('--seed')))
  .addOption(shardOption('cells'))
  .option('--out <folder>', 'where the result and its reports go', 'reports')
  .addOption(summaryOption())
  .addOption(baselineOption())
  .option('--strict', 'a cell that is not shown fails the run (exit code 1)')
  .option('--keep', 'stop at the first cell that is not upheld, with its storage as it is, and take commands')
  .option('--plain', 'no colours, no progress bar')
  .addOption(quietOption())
  .option('--list', 'print the ids of the cells and end')
  .addOption(
    new Option('--break <rule>', 'break the rule or the model on purpose: the run must turn red').choices([
      ...brokenRuleNames,
      ...brokenModelNames,
    ]),
  )

export default runnable(command, async () => {
  const options = command.parse().opts<Options>()
  const meant = choose(options.only)
  const all = { cells: allCells.filter(meant), copies: traps.filter(meant) }
  const share = options.shard && assignToShard([...all.cells.map(estimateCellCost), ...all.copies.map(estimateCopyCost)], options.shard)
  const isMine = ({ id }: { readonly id: string }) => share === undefined || share.has(id)
  const cells = all.cells.filter(isMine)
  const copies = all.copies.filter(isMine)
  if (options.list) {
    console.log([...cells, ...copies].map(({ id }) => id).join('\n'))
    return EXIT.upheld
  }
  const seed = options.shard ? seedOfShards(options.seed) : (options.seed ?? newSeed())
  const baseline = await readBaseline(options.baseline)
  const say = createLogger(options)
  await prepareRun(options.out, say)
  const machine = await prepareMachine(options.machine, say)

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
    onEvent: progress.tell,
    repeat: ({ id }) => repeatVerify(id, { machine, seed, brokenRule: options.break }),
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
  const result = options.shard ? { ...ended, shard: { ...options.shard, whole, asked: asked(options) } } : ended

  return report(result, { ...options, baseline })
})

/** What all shards of a run are asked, whatever else they are given. */
function asked({ only, break: broken }: Options): string {
  const words = ['verify', ...(only === undefined ? [] : ['--only', only]), ...(broken === undefined ? [] : ['--break', broken])]
  return commandLine(words.join(' '))
}

/** Whether a cell or a trap is meant by --only. */
function choose(only: string | undefined): (named: { readonly id: string }) => boolean {
  if (only === undefined) return () => true
  const ids = [...allCells, ...traps].map(({ id }) => id)
  const wanted = parseOnly(only, ids, 'cell', 'verify')
  return ({ id }) => wanted.some((some) => isMeant(id, some))
}

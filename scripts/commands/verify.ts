import { Option } from 'commander'
import { type BrokenRule, brokenRuleNames } from '../../harness/certify/broken_rules.ts'
import { allCells } from '../../harness/certify/cell.ts'
import { verify } from '../../harness/certify/verify.ts'
import { type BrokenModel, brokenModelNames } from '../../harness/certify/worlds/broken_models.ts'
import { traps } from '../../harness/certify/worlds/traps.ts'
import type { MachineKind } from '../../harness/machine/machine.ts'
import { EXIT, newCommand, runMain, version } from '../lib/command.ts'
import { enterWreck } from '../lib/keep_wreck.ts'
import { prepareMachine } from '../lib/machine_choice.ts'
import { showProgress } from '../lib/progress.ts'
import { exitCode, isMeant, newSeed, onlyOption, parseOnly, parseWhole, prepareRun, report, say, stopOnSignals } from '../lib/run.ts'

interface Options {
  machine: MachineKind | 'auto'
  only?: string
  seed?: number
  out: string
  strict?: boolean
  keep?: boolean
  plain?: boolean
  list?: boolean
  break?: BrokenRule | BrokenModel
}

/** How long the smallest case of a disagreement with the model is looked for. */
const SHRINK_SECONDS = 60

const command = newCommand(
  'scripts/verify',
  'Migrates volumes between real LVM and NFS backends on poisoned storage, checks every byte, and says whether the rule holds.',
  [
    ['scripts/verify', 'the whole matrix'],
    ['scripts/verify --only host/lvm-thin', 'the cells whose id begins so'],
    ['scripts/verify --only table/full,table/sparse', "the spec's own table"],
    ['scripts/verify --break always-sparse', 'see the harness catch a broken rule'],
  ],
)
  .addOption(new Option('--machine <kind>', 'where to run').choices(['auto', 'native', 'uml', 'qemu']).default('auto'))
  .addOption(onlyOption('cells'))
  .addOption(new Option('--seed <number>', 'repeats a run').argParser(parseWhole('--seed')))
  .option('--out <folder>', 'where result.json and junit.xml go', 'reports')
  .option('--strict', 'a cell that is not shown fails the run (exit code 1)')
  .option('--keep', 'stop at the first cell that is not upheld, with its storage as it is, and take commands')
  .option('--plain', 'no colours, no progress bar')
  .option('--list', 'print the ids of the cells and end')
  .addOption(
    new Option('--break <rule>', 'break the rule or the model on purpose: the run must turn red').choices([
      ...brokenRuleNames,
      ...brokenModelNames,
    ]),
  )

await runMain(async () => {
  const options = command.parse().opts<Options>()
  const meant = choose(options.only)
  const cells = allCells.filter(({ id }) => meant(id))
  const worlds = traps.filter(({ id }) => meant(id))
  if (options.list) {
    console.log([...cells, ...worlds].map(({ id }) => id).join('\n'))
    return EXIT.upheld
  }
  await prepareRun(options.out)
  const machine = await prepareMachine(options.machine, say)

  const seed = options.seed ?? newSeed()
  const stop = stopOnSignals()
  const progress = showProgress(cells.length + worlds.length, options.plain === true)
  const result = await verify({
    cells,
    worlds,
    shrinkSeconds: SHRINK_SECONDS,
    machine,
    seed,
    version,
    signal: stop.signal,
    tell: progress.tell,
    repeat: ({ id }) =>
      ['scripts/verify', '--machine', machine, '--only', id, '--seed', seed, ...(options.break ? ['--break', options.break] : [])].join(
        ' ',
      ),
    ...(options.break !== undefined && { brokenRule: options.break }),
    ...(options.keep && {
      machines: 1,
      keepWreck: async (bench, cell) => {
        progress.stop()
        await enterWreck(bench, cell)
        stop.abort()
      },
    }),
  }).finally(progress.stop)

  await report(result, { out: options.out, plain: options.plain === true })
  return exitCode(result, stop.signal.aborted, options.strict === true)
})

/** Whether a cell or a trap is meant by --only. */
function choose(only: string | undefined): (id: string) => boolean {
  if (only === undefined) return () => true
  const ids = [...allCells, ...traps].map(({ id }) => id)
  const wanted = parseOnly(only, ids, 'cell', 'scripts/verify')
  return (id) => wanted.some((some) => isMeant(id, some))
}

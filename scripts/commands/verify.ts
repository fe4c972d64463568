import { Option } from 'commander'
import { type BrokenRule, brokenRuleNames } from '../../harness/certify/broken_rules.ts'
import { allCells, type Cell } from '../../harness/certify/cell.ts'
import { verify } from '../../harness/certify/verify.ts'
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
  break?: BrokenRule
}

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
  .addOption(new Option('--break <rule>', 'break the rule on purpose: the run must turn red').choices(brokenRuleNames))

await runMain(async () => {
  const options = command.parse().opts<Options>()
  const cells = chooseCells(options.only)
  if (options.list) {
    console.log(cells.map(({ id }) => id).join('\n'))
    return EXIT.upheld
  }
  await prepareRun(options.out)
  const machine = await prepareMachine(options.machine, say)

  const seed = options.seed ?? newSeed()
  const stop = stopOnSignals()
  const progress = showProgress(cells.length, options.plain === true)
  const result = await verify({
    cells,
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

function chooseCells(only: string | undefined): readonly Cell[] {
  if (only === undefined) return allCells
  const ids = allCells.map(({ id }) => id)
  const wanted = parseOnly(only, ids, 'cell', 'scripts/verify')
  return allCells.filter(({ id }) => wanted.some((some) => isMeant(id, some)))
}

import { Option } from 'commander'
import { type BrokenModel, brokenModelNames } from '../../harness/explore/broken_models.ts'
import { explore } from '../../harness/explore/explore.ts'
import type { MachineKind } from '../../harness/machine/machine.ts'
import { commandLine } from '../../harness/paths.ts'
import { newCommand, runnable, version } from '../lib/command.ts'
import { showProgress } from '../lib/progress.ts'
import { createLogger, newSeed, parseWhole, prepareRun, quietOption, report, stopOnSignals, summaryOption } from '../lib/run.ts'
import { prepareMachine } from '../lib/select_machine.ts'

interface Options {
  machine: MachineKind | 'auto'
  minutes: number
  only?: number
  seed?: number
  out: string
  strict?: boolean
  summary?: string
  plain?: boolean
  quiet?: boolean
  shrinkSeconds: number
  break?: BrokenModel
}

const command = newCommand(
  'explore',
  'Copies volumes at random on real storage, on pools, priors, layers and copies of all kinds, and holds every byte and chunk against the model.',
  [
    ['explore --minutes 10', 'for ten minutes'],
    ['explore --seed 4711 --only 17', 'one of them again'],
    ['explore --minutes 1 --break model-doubles-chunks', 'see a wrong model found out'],
  ],
)
  .addOption(new Option('--machine <kind>', 'where to run').choices(['auto', 'native', 'uml', 'qemu']).default('auto'))
  .addOption(new Option('--minutes <m>', 'no copy begins later than this').argParser(parseWhole('--minutes')).default(5))
  .addOption(new Option('--only <number>', 'the copy of this number, as random/17 in the report').argParser(parseWhole('--only')))
  .addOption(new Option('--seed <number>', 'repeats a run').argParser(parseWhole('--seed')))
  .addOption(
    new Option('--shrink-seconds <s>', 'how long the smallest case of a failure is looked for')
      .argParser(parseWhole('--shrink-seconds'))
      .default(120),
  )
  .option('--out <folder>', 'where the result and its reports go', 'reports')
  .addOption(summaryOption())
  .option('--strict', 'a copy that is not shown fails the run (exit code 1)')
  .option('--plain', 'no colours, no progress bar')
  .addOption(quietOption())
  .addOption(new Option('--break <model>', 'break the model on purpose: the run must turn red').choices(brokenModelNames))

export default runnable(command, async () => {
  const options = command.parse().opts<Options>()
  const say = createLogger(options)
  await prepareRun(options.out, say)
  const machine = await prepareMachine(options.machine, say)
  const seed = options.seed ?? newSeed()
  const stop = stopOnSignals()
  const progress = showProgress(options.only === undefined ? { seconds: options.minutes * 60 } : 1, options)
  const result = await explore({
    machine,
    seed,
    version,
    seconds: options.minutes * 60,
    shrinkSeconds: options.shrinkSeconds,
    signal: stop.signal,
    onEvent: progress.tell,
    repeat: ({ id }) =>
      commandLine(
        [
          ...['explore', '--machine', machine, '--seed', seed, '--only', id.replace('random/', '')],
          ...(options.break === undefined ? [] : ['--break', options.break]),
        ].join(' '),
      ),
    ...(options.only !== undefined && { only: options.only }),
    ...(options.break !== undefined && { brokenModel: options.break }),
  }).finally(progress.stop)
  return report(result, options)
})

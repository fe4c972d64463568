import { Option } from '@commander-js/extra-typings'
import { brokenModelNames } from '../../harness/explore/broken_models.ts'
import { explore } from '../../harness/explore/explore.ts'
import { commandLine } from '../../harness/paths.ts'
import { newCommand, runnable, version } from '../lib/cli/command.ts'
import { addRunOptions, machineWords, newSeed, parseWhole } from '../lib/cli/options.ts'
import { stopOnSignals } from '../lib/cli/signals.ts'
import { showProgress } from '../lib/output/progress.ts'
import { reportRun } from '../lib/output/report_run.ts'
import { prepareRun } from '../lib/output/result_folder.ts'
import { createLogger } from '../lib/output/terminal.ts'
import { readBaseline } from '../lib/read/result.ts'
import { prepareMachine } from '../lib/setup/select_machine.ts'

const command = addRunOptions(
  newCommand(
    'explore',
    'Makes random copies on real storage, with pools, layers, copy methods and earlier content of every kind, and compares every byte and chunk with the model.',
    [
      ['explore --minutes 10', 'explore for ten minutes'],
      ['explore --live', "copy volumes in use by QEMU's mirror while instances write"],
      ['explore --seed 4711 --only 17', 'repeat one copy'],
      ['explore --minutes 1 --break model-doubles-chunks', 'watch a wrong model being caught'],
    ],
  )
    .addOption(new Option('--minutes <m>', 'start no copy after this time').argParser(parseWhole('--minutes')).default(5))
    .option('--live', "only copies of volumes in use, by QEMU's mirror while instances write")
    .addOption(new Option('--only <number>', 'run one copy: 17 for random/17 in the report').argParser(parseWhole('--only')))
    .addOption(
      new Option('--shrink-seconds <s>', 'time limit for finding the smallest case of a failure')
        .argParser(parseWhole('--shrink-seconds'))
        .default(120),
    )
    .addOption(new Option('--break <model>', 'break the model on purpose: the run must fail').choices(brokenModelNames)),
  'a copy',
)

export default runnable(command, async () => {
  const options = command.parse().opts()
  const baseline = await readBaseline(options.baseline)
  const log = createLogger(options)
  await prepareRun(options.out, log)
  const machine = await prepareMachine(options.machine, options.kernel, log)
  const seed = options.seed ?? newSeed()
  const seconds = options.minutes * 60
  const stop = stopOnSignals()
  const progress = showProgress(options.only === undefined ? { seconds } : 1, options)
  const repeat = ({ id }: { readonly id: string }) => {
    const broken = options.break === undefined ? [] : ['--break', options.break]
    const live = options.live ? ['--live'] : []
    return commandLine(
      ['explore', ...machineWords(machine, options.kernel), '--seed', seed, '--only', id.replace('random/', ''), ...live, ...broken].join(
        ' ',
      ),
    )
  }
  const result = await explore({
    machine,
    seed,
    version,
    seconds,
    shrinkSeconds: options.shrinkSeconds,
    signal: stop.signal,
    onEvent: progress.onEvent,
    repeat,
    ...(options.live && { live: true }),
    ...(options.only !== undefined && { only: options.only }),
    ...(options.break !== undefined && { brokenModel: options.break }),
  }).finally(progress.stop)
  return reportRun(result, { ...options, baseline })
})

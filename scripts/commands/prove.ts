import { Option } from '@commander-js/extra-typings'
import { SingleBar } from 'cli-progress'
import { UsageError } from '../../harness/errors.ts'
import { mutantNames } from '../../harness/prove/mutants.ts'
import { DEFAULT_BOUND, LEAST_BOUND, prove } from '../../harness/prove/prove.ts'
import { proofReport } from '../../harness/report/terminal/proof.ts'
import { EXIT, newCommand, runnable, version } from '../lib/cli/command.ts'
import { parseWhole } from '../lib/cli/options.ts'
import { outFile, writeOutFile } from '../lib/output/out.ts'
import { BAR } from '../lib/output/progress.ts'
import { hasColours } from '../lib/output/terminal.ts'

/** Patterns are sets in 32 bits. A larger bound would take far too long anyway. */
const MOST_BOUND = 12

const command = newCommand(
  'prove',
  'Computes every copy between small volumes and shows that the rule never corrupts data and never forces a full copy without need.',
  [
    ['prove', `cover every volume of up to ${DEFAULT_BOUND} blocks of 4 KiB`],
    ['prove --bound 3', 'run a smaller proof, in a second'],
    ['prove --bound 3 --break layers-ignored', 'watch a broken rule being caught'],
  ],
  ['0 upheld', '1 refuted', '2 bad usage or input'],
)
  .addOption(
    new Option(
      '--bound <number>',
      `the largest source, in blocks of 4 KiB: ${LEAST_BOUND} to ${MOST_BOUND}; each takes four times as long as the one before`,
    )
      .argParser(parseBound)
      .default(DEFAULT_BOUND),
  )
  .option('--json <file>', 'write the proof as JSON', outFile('--json'))
  .option('--plain', 'no colours, no progress bar')
  .addOption(new Option('--break <mutant>', "break the rule or the drivers' claims on purpose: the proof must fail").choices(mutantNames))

export default runnable(command, async () => {
  const options = command.parse().opts()
  const progress = showProgress(options.plain === true)
  const proof = prove({
    bound: options.bound,
    version,
    onProgress: progress.onProgress,
    ...(options.break !== undefined && { broken: options.break }),
  })
  progress.stop()
  process.stdout.write(proofReport(proof, hasColours(options.plain)))
  if (options.json !== undefined) {
    await writeOutFile('--json', options.json, `${JSON.stringify(proof, null, 1)}\n`)
    console.log(`  ${options.json}`)
  }
  return proof.verdict === 'upheld' ? EXIT.upheld : EXIT.refuted
})

function parseBound(text: string): number {
  const bound = parseWhole('--bound')(text)
  if (bound < LEAST_BOUND || bound > MOST_BOUND)
    throw new UsageError(`--bound must be between ${LEAST_BOUND} and ${MOST_BOUND}, not '${text}'`)
  return bound
}

/** Shows a bar on a terminal, and elsewhere a line for every tenth kind of destination. */
function showProgress(plain: boolean): { onProgress(done: number, kinds: number): void; stop(): void } {
  if (plain || process.stderr.isTTY !== true) {
    return {
      onProgress: (done, kinds) => {
        if (done % 10 === 0) console.error(`${done} of ${kinds} kinds of destinations`)
      },
      stop: () => {},
    }
  }
  const bar = new SingleBar({
    format: '{bar} {value}/{total} kinds of destinations',
    ...BAR,
  })
  return {
    onProgress: (done, kinds) => {
      if (done === 1) bar.start(kinds, done)
      else bar.update(done)
    },
    stop: () => bar.stop(),
  }
}

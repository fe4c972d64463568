import { SingleBar } from 'cli-progress'
import { Option } from 'commander'
import { UsageError } from '../../harness/errors.ts'
import { type MutantName, mutantNames } from '../../harness/prove/mutants.ts'
import { DEFAULT_BOUND, LEAST_BOUND, prove } from '../../harness/prove/prove.ts'
import { proofReport } from '../../harness/report/terminal/proof.ts'
import { EXIT, newCommand, runnable, version } from '../lib/command.ts'
import { outFile, writeOutFile } from '../lib/out.ts'
import { hasColours, parseWhole } from '../lib/run.ts'

/** Patterns are sets in 32 bits; time runs out long before. */
const MOST_BOUND = 12

interface Options {
  bound: number
  json?: string
  plain?: boolean
  break?: MutantName
}

const command = newCommand(
  'prove',
  'Works out every copy between small volumes, and shows that the rule corrupts none and refuses nothing for nothing.',
  [
    ['prove', `every volume of up to ${DEFAULT_BOUND} times 4 KiB`],
    ['prove --bound 3', 'in a second'],
    ['prove --bound 3 --break layers-ignored', 'see a broken rule turn it red'],
  ],
)
  .addOption(
    new Option('--bound <number>', `the largest source, in steps of 4 KiB: ${LEAST_BOUND} to ${MOST_BOUND}; each is four times the work`)
      .argParser(parseBound)
      .default(DEFAULT_BOUND),
  )
  .option('--json <file>', 'write the proof to a file as JSON', outFile('--json'))
  .option('--plain', 'no colours, no progress bar')
  .addOption(new Option('--break <mutant>', "break the rule, or the drivers' claims, on purpose").choices(mutantNames))

export default runnable(command, async () => {
  const options = command.parse().opts<Options>()
  // An unwritable file is found out before the work and not after it.
  const progress = showProgress(options.plain === true)
  const proof = prove({
    bound: options.bound,
    version,
    tell: progress.tell,
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
  if (bound < LEAST_BOUND || bound > MOST_BOUND) throw new UsageError(`--bound: '${text}' is not within ${LEAST_BOUND} and ${MOST_BOUND}`)
  return bound
}

/** A bar on a terminal, a line for every tenth kind elsewhere. */
function showProgress(plain: boolean): { tell(done: number, kinds: number): void; stop(): void } {
  if (plain || process.stderr.isTTY !== true) {
    return {
      tell: (done, kinds) => {
        if (done % 10 === 0) console.error(`${done} of ${kinds} kinds of destinations`)
      },
      stop: () => {},
    }
  }
  const bar = new SingleBar({
    format: '{bar} {value}/{total} kinds of destinations',
    barsize: 20,
    hideCursor: true,
    clearOnComplete: true,
    stream: process.stderr,
  })
  return {
    tell: (done, kinds) => {
      if (done === 1) bar.start(kinds, done)
      else bar.update(done)
    },
    stop: () => bar.stop(),
  }
}

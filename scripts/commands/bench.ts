import { join } from 'node:path'
import { Option } from '@commander-js/extra-typings'
import { UsageError } from '../../harness/errors.ts'
import { assetPath, commandLine } from '../../harness/paths.ts'
import { benchMarkdown } from '../../harness/report/markdown/bench.ts'
import { benchReport } from '../../harness/report/terminal/bench.ts'
import { bench, ROUNDS } from '../lib/bench/bench.ts'
import { findCommits } from '../lib/bench/checkouts.ts'
import { FIGURES, type FigureSpec, selectFigures } from '../lib/bench/figures.ts'
import { EXIT, newCommand, runnable, version } from '../lib/cli/command.ts'
import { newSeed, parseWhole } from '../lib/cli/options.ts'
import { stopOnSignals } from '../lib/cli/signals.ts'
import { printReport } from '../lib/output/github.ts'
import { makeOutFolder, writeOutFile } from '../lib/output/out.ts'
import { hasColours } from '../lib/output/terminal.ts'

const BENCH_FILE = 'bench.json'
const MARKDOWN_FILE = 'bench.md'

const command = newCommand(
  'bench',
  'Measures this checkout against an earlier commit: how long the same command takes in both, as a ratio, and how much memory. The earlier commit is cloned into a temporary folder and set up there.',
  [
    ['bench --against HEAD~20', 'measure the default figures, three rounds each'],
    ['bench --against v1 --only matrix --rounds 1', 'take one quick look at the matrix'],
    ['bench --against 006db70 --only all', 'measure everything, which takes hours'],
  ],
  ['0 measured', '1 some figure could not be measured', '2 bad usage', '3 a checkout could not be set up'],
)
  .requiredOption('--against <commit>', 'the earlier commit')
  .option('--only <figures>', 'comma-separated figures, see below')
  .addOption(new Option('--rounds <n>', `runs of each side (default: ${ROUNDS}, but 1 for fresh and test)`).argParser(parseRounds))
  .addOption(new Option('--seed <number>', 'use this seed on both sides').argParser(parseWhole('--seed')))
  .option('--kernel <name>', 'the kernel of guests, for each side that can choose one: distribution, newest or a version')
  .option('--out <folder>', 'where the measurement goes', 'reports/bench')
  .option('--plain', 'no colours')
  .addHelpText(
    'after',
    [
      '',
      'Figures (those with * are measured by default; --only all selects all):',
      ...FIGURES.map(({ id, title, byDefault }) => `${byDefault ? '*' : ' '} ${id.padEnd(9)}${title}`),
    ].join('\n'),
  )

export default runnable(command, async () => {
  const options = command.parse().opts()
  const figures = parseFigures(options.only)
  const root = assetPath('.')
  const stop = stopOnSignals()
  const commits = await findCommits(root, options.against, stop.signal)
  await makeOutFolder('--out', options.out, [BENCH_FILE, MARKDOWN_FILE])
  const measured = await bench({
    root,
    commits,
    figures,
    rounds: options.rounds,
    seed: options.seed ?? newSeed(),
    kernel: options.kernel,
    version,
    signal: stop.signal,
    log: (line) => console.error(line),
  })
  printReport(benchReport(measured, hasColours(options.plain)))
  for (const [name, text] of [
    [BENCH_FILE, `${JSON.stringify(measured, null, 1)}\n`],
    [MARKDOWN_FILE, benchMarkdown(measured)],
  ] as const) {
    const file = join(options.out, name)
    await writeOutFile('--out', file, text)
    console.log(`  ${file}`)
  }
  return measured.figures.every(({ state }) => state === 'measured') ? EXIT.upheld : EXIT.refuted
})

function parseFigures(only: string | undefined): readonly FigureSpec[] {
  const { figures, unknown } = selectFigures(only)
  if (unknown.length > 0)
    throw new UsageError(`--only: no figure is called ${unknown.join(' or ')}. Run ${commandLine('bench')} --help to see them all.`)
  return figures
}

function parseRounds(text: string): number {
  const rounds = parseWhole('--rounds')(text)
  if (rounds < 1) throw new UsageError('--rounds must be 1 or more')
  return rounds
}

import { Option } from 'commander'
import { UsageError } from '../../harness/errors.ts'
import { comparisonMarkdown } from '../../harness/report/markdown/comparison.ts'
import { comparisonReport } from '../../harness/report/terminal/comparison.ts'
import { COMPARISON_LIMITS, compareResults } from '../../harness/result/compare.ts'
import { EXIT, newCommand, runnable } from '../lib/command.ts'
import { addToJobSummary, printReport } from '../lib/github.ts'
import { outFile, writeOutFile } from '../lib/out.ts'
import { readResult } from '../lib/read_result.ts'
import { hasColours, parseWhole, summaryOption } from '../lib/run.ts'

interface Options {
  ratio: number
  floorSeconds: number
  slowerFails?: boolean
  strict?: boolean
  json?: string
  summary?: string
  plain?: boolean
}

const command = newCommand(
  'compare',
  'Says what became of the cells, copies and checks of a run since an earlier one. Exit code 1 only when something is worse: it fails now, is no longer shown, or is newly left behind.',
  [
    ['compare main/reports reports', 'two folders with a result.json, or two such files'],
    ['compare --slower-fails before.json after.json', 'what takes twice as long is worse, too'],
    ['compare --strict before.json after.json', 'what is gone is worse, too'],
  ],
)
  .argument('<before>', 'the earlier result')
  .argument('<after>', 'the later one')
  .addOption(
    new Option('--ratio <number>', 'how many times as long something may take, beside all the rest')
      .argParser(parseRatio)
      .default(COMPARISON_LIMITS.ratio),
  )
  .addOption(
    new Option('--floor-seconds <s>', 'so many seconds more are never slower')
      .argParser(parseWhole('--floor-seconds'))
      .default(COMPARISON_LIMITS.floorSeconds),
  )
  .option('--slower-fails', 'what is slower is worse (exit code 1)')
  .option('--strict', 'what is gone is worse (exit code 1)')
  .option('--json <file>', 'write the comparison as JSON', outFile('--json'))
  .addOption(summaryOption())
  .option('--plain', 'no colours')

export default runnable(command, async () => {
  command.parse()
  const options = command.opts<Options>()
  const [before = '', after = ''] = command.args
  const comparison = compareResults(await readResult(before), await readResult(after), {
    ...{ ratio: options.ratio, floorSeconds: options.floorSeconds },
    ...{ slowerIsWorse: options.slowerFails === true, goneIsWorse: options.strict === true },
  })
  printReport(comparisonReport(comparison, hasColours(options.plain)))
  if (options.json !== undefined) await writeOutFile('--json', options.json, `${JSON.stringify(comparison, null, 1)}\n`)
  if (options.summary !== undefined) await writeOutFile('--summary', options.summary, comparisonMarkdown(comparison))
  await addToJobSummary(() => comparisonMarkdown(comparison))
  return comparison.worse ? EXIT.refuted : EXIT.upheld
})

function parseRatio(text: string): number {
  const ratio = Number(text)
  if (!/^\d+(\.\d+)?$/.test(text) || ratio < 1) throw new UsageError(`--ratio: '${text}' is not a number of 1 or more`)
  return ratio
}

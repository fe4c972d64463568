import { Option } from '@commander-js/extra-typings'
import { UsageError } from '../../harness/errors.ts'
import { comparisonMarkdown } from '../../harness/report/markdown/comparison.ts'
import { comparisonReport } from '../../harness/report/terminal/comparison.ts'
import { COMPARISON_LIMITS, compareResults } from '../../harness/result/compare.ts'
import { EXIT, newCommand, runnable } from '../lib/cli/command.ts'
import { parseWhole, summaryOption } from '../lib/cli/options.ts'
import { addToJobSummary, printReport } from '../lib/output/github.ts'
import { outFile, writeOutFile } from '../lib/output/out.ts'
import { hasColours } from '../lib/output/terminal.ts'
import { readResult } from '../lib/read/result.ts'

const command = newCommand(
  'compare',
  'Compares the cells, copies and checks of two runs. The later run is worse if something newly fails, is no longer shown or is newly left behind.',
  [
    ['compare main/reports reports', 'compare two folders with a result.json, or two such files'],
    ['compare --slower-fails before.json after.json', 'fail also if something takes twice as long'],
    ['compare --strict before.json after.json', 'fail also if something is gone'],
  ],
  ['0 nothing is worse', '1 something is worse', '2 bad usage or input'],
)
  .argument('<before>', 'the earlier result, a folder or a file')
  .argument('<after>', 'the later result')
  .addOption(
    new Option('--ratio <number>', 'how many times as long something may take, relative to the rest')
      .argParser(parseRatio)
      .default(COMPARISON_LIMITS.ratio),
  )
  .addOption(
    new Option('--floor-seconds <s>', 'ignore differences of up to this many seconds')
      .argParser(parseWhole('--floor-seconds'))
      .default(COMPARISON_LIMITS.floorSeconds),
  )
  .option('--slower-fails', 'fail if something is slower (exit code 1)')
  .option('--strict', 'fail if something is gone (exit code 1)')
  .option('--json <file>', 'write the comparison as JSON', outFile('--json'))
  .addOption(summaryOption())
  .option('--plain', 'no colours')

export default runnable(command, async () => {
  const options = command.parse().opts()
  const [before, after] = command.processedArgs
  const comparison = compareResults(await readResult(before), await readResult(after), {
    ratio: options.ratio,
    floorSeconds: options.floorSeconds,
    slowerIsWorse: options.slowerFails === true,
    goneIsWorse: options.strict === true,
  })
  printReport(comparisonReport(comparison, hasColours(options.plain)))
  if (options.json !== undefined) await writeOutFile('--json', options.json, `${JSON.stringify(comparison, null, 1)}\n`)
  if (options.summary !== undefined) await writeOutFile('--summary', options.summary, comparisonMarkdown(comparison))
  await addToJobSummary(() => comparisonMarkdown(comparison))
  return comparison.worse ? EXIT.refuted : EXIT.upheld
})

function parseRatio(text: string): number {
  const ratio = Number(text)
  if (!/^\d+(\.\d+)?$/.test(text) || ratio < 1) throw new UsageError(`--ratio must be a number of 1 or more, not '${text}'`)
  return ratio
}

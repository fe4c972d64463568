import { dirname, join } from 'node:path'
import { htmlReport } from '../../harness/report/html/html_report.ts'
import { EXIT, newCommand, runnable } from '../lib/cli/command.ts'
import { writeOutFile } from '../lib/output/out.ts'
import { REPORT_FILE, RESULT_FILE } from '../lib/output/result_folder.ts'
import { readResult, resultFile } from '../lib/read/result.ts'

const command = newCommand(
  'report',
  'Makes the HTML report of a run from its result. The report is one file that opens from disk.',
  [
    ['report', 'make reports/report.html for the last run'],
    ['report elsewhere/result.json', 'make the report beside that result'],
    ['report --out page.html', 'write the report to that file'],
  ],
  ['0 written', '2 bad usage or input'],
)
  .argument('[result]', 'the result of verify, explore, certify or merge: a file or its folder', join('reports', RESULT_FILE))
  .option('--out <file>', 'where the report goes (default: beside the result)')

export default runnable(command, async () => {
  const { out } = command.parse().opts()
  const [file] = command.processedArgs
  const result = await readResult(file)
  const page = out ?? join(dirname(await resultFile(file)), REPORT_FILE)
  const html = await htmlReport(result)
  await writeOutFile('--out', page, html)
  console.log(page)
  return EXIT.upheld
})

import { dirname, join } from 'node:path'
import { htmlReport } from '../../harness/report/html/html_report.ts'
import { EXIT, newCommand, runnable } from '../lib/command.ts'
import { writeOutFile } from '../lib/out.ts'
import { readResult, resultFile } from '../lib/read_result.ts'
import { REPORT_FILE, RESULT_FILE } from '../lib/run.ts'

const command = newCommand('report', 'Makes the HTML report of a run from its result: one file that opens from disk.', [
  ['report', 'of the last run: reports/report.html'],
  ['report elsewhere/result.json', 'beside that result'],
  ['report --out page.html', 'into that file'],
])
  .argument('[result]', 'what verify, explore or certify wrote, or its folder', join('reports', RESULT_FILE))
  .option('--out <file>', 'where the page goes; beside the result by default')

export default runnable(command, async () => {
  const { out } = command.parse().opts<{ out?: string }>()
  const [file = ''] = command.processedArgs as string[]
  const result = await readResult(file)
  const page = out ?? join(dirname(await resultFile(file)), REPORT_FILE)
  const html = await htmlReport(result)
  await writeOutFile('--out', page, html)
  console.log(page)
  return EXIT.upheld
})

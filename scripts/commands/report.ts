import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { callOf } from '../../harness/home.ts'
import { messageOf, UsageError } from '../../harness/machine/errors.ts'
import { htmlReport } from '../../harness/report/html_report.ts'
import { type Result, resultSchema } from '../../harness/result/result.ts'
import { EXIT, newCommand, runnable } from '../lib/command.ts'
import { REPORT_FILE, RESULT_FILE } from '../lib/run.ts'

const command = newCommand('report', 'Makes the HTML report of a run from its result: one file that opens from disk.', [
  ['report', 'of the last run: reports/report.html'],
  ['report elsewhere/result.json', 'beside that result'],
  ['report --out page.html', 'into that file'],
])
  .argument('[result]', 'what verify, explore or certify wrote', join('reports', RESULT_FILE))
  .option('--out <file>', 'where the page goes; beside the result by default')

export default runnable(command, async () => {
  const { out } = command.parse().opts<{ out?: string }>()
  const [file = ''] = command.processedArgs as string[]
  const result = await readResult(file)
  const page = out ?? join(dirname(file), REPORT_FILE)
  const html = await htmlReport(result)
  try {
    await mkdir(dirname(page), { recursive: true })
    await writeFile(page, html)
  } catch (error) {
    throw new UsageError(`--out: nothing can be written to ${page}: ${messageOf(error)}`)
  }
  console.log(page)
  return EXIT.upheld
})

async function readResult(file: string): Promise<Result> {
  let value: unknown
  try {
    value = JSON.parse(await readFile(file, 'utf8'))
  } catch (error) {
    throw new UsageError(`no result can be read from ${file}: ${messageOf(error)}\n${callOf('verify')} writes one`)
  }
  const { data, error } = resultSchema.safeParse(value)
  if (data === undefined) throw new UsageError(`${file} is no result of this version, see result.schema.json:\n${z.prettifyError(error)}`)
  return data
}

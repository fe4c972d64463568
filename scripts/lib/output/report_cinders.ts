import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { annotationsOf } from '../../../harness/report/annotations.ts'
import { cindersMarkdown } from '../../../harness/report/markdown/cinders.ts'
import { cindersReport } from '../../../harness/report/terminal/cinders.ts'
import { type CinderRun, cindersStatusOf, compareCinders } from '../../../harness/result/cinders.ts'
import { runOutcomeOf } from '../../../harness/result/run_outcome.ts'
import { EXIT } from '../cli/command.ts'
import { addToJobSummary, printReport } from './github.ts'
import { writeOutFile } from './out.ts'
import { type ReportOptions, writeReports } from './report_run.ts'
import { CINDERS_FILE, CINDERS_SUMMARY_FILE, cinderFolder, REPORT_FILE } from './result_folder.ts'
import { hasColours } from './terminal.ts'

type CindersReportOptions = Omit<ReportOptions, 'baseline'>

/** Writes the result of one of several Cinders and its reports into a folder of its own. */
export async function writeCinder({ cinder, result }: CinderRun, { out, strict = false }: CindersReportOptions): Promise<void> {
  await writeReports(join(out, cinderFolder(cinder)), result, runOutcomeOf(result, { strict }))
}

/** Prints Cinders side by side, writes the files of the comparison and returns the exit code. */
export async function reportCinders(runs: readonly CinderRun[], options: CindersReportOptions): Promise<number> {
  const { out, plain, quiet = false, strict = false, summary } = options
  const cinders = compareCinders(runs, cinderFolder)
  const report = { cinders, status: cindersStatusOf(runs, strict) }
  const annotations = runs.flatMap(({ result }) => annotationsOf(result, runOutcomeOf(result, { strict })))
  printReport(cindersReport(report, hasColours(plain)), annotations)
  await writeFile(join(out, CINDERS_FILE), `${JSON.stringify(cinders, null, 1)}\n`)
  await writeFile(join(out, CINDERS_SUMMARY_FILE), cindersMarkdown(report))
  const files = [...cinders.cinders.map(({ folder }) => join(folder, REPORT_FILE)), CINDERS_FILE, CINDERS_SUMMARY_FILE]
  if (!quiet) for (const file of files) console.log(`  ${join(out, file)}`)
  if (summary !== undefined) await writeOutFile('--summary', summary, cindersMarkdown(report))
  await addToJobSummary((mostBytes) => cindersMarkdown(report, mostBytes))
  return EXIT[report.status]
}

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { annotationsOf, annotationsOfKernels } from '../../../harness/report/annotations.ts'
import { cindersMarkdown } from '../../../harness/report/markdown/cinders.ts'
import { kernelsMarkdown } from '../../../harness/report/markdown/kernels.ts'
import { sharedFailures } from '../../../harness/report/select/kernels.ts'
import { cindersReport } from '../../../harness/report/terminal/cinders.ts'
import { kernelsReport } from '../../../harness/report/terminal/kernels.ts'
import { type CinderRun, cindersStatusOf, compareCinders } from '../../../harness/result/cinders.ts'
import { compareKernels, type KernelRun, kernelOutcomeOf, kernelsStatusOf } from '../../../harness/result/kernels.ts'
import { type RunOutcome, runOutcomeOf } from '../../../harness/result/run_outcome.ts'
import { EXIT } from '../cli/command.ts'
import { addToJobSummary, printReport } from './github.ts'
import { writeOutFile } from './out.ts'
import { type ReportOptions, writeReports } from './report_run.ts'
import {
  CINDERS_FILE,
  CINDERS_SUMMARY_FILE,
  cinderFolder,
  KERNELS_FILE,
  KERNELS_SUMMARY_FILE,
  kernelFolder,
  REPORT_FILE,
} from './result_folder.ts'
import { hasColours } from './terminal.ts'

type SideBySideOptions = Omit<ReportOptions, 'baseline'>

/** Writes the result of one of several kernels and its reports into a folder of its own. */
export async function writeKernel(run: KernelRun, { out, strict = false }: SideBySideOptions): Promise<void> {
  await writeReports(join(out, kernelFolder(run.kernel)), run.result, kernelOutcomeOf(run, strict))
}

/** Writes the result of one of several Cinders and its reports into a folder of its own. */
export async function writeCinder({ cinder, result }: CinderRun, { out, strict = false }: SideBySideOptions): Promise<void> {
  await writeReports(join(out, cinderFolder(cinder)), result, runOutcomeOf(result, { strict }))
}

/** Prints kernels side by side, writes the files of the comparison and returns the exit code. */
export async function reportKernels(runs: readonly KernelRun[], options: SideBySideOptions): Promise<number> {
  const kernels = compareKernels(runs, kernelFolder)
  const status = kernelsStatusOf(runs, kernels, options.strict ?? false)
  const report = { kernels, failures: sharedFailures(runs, options.strict ?? false), status }
  return reportSideBySide(
    {
      text: (colours) => kernelsReport(report, colours),
      markdown: (mostBytes) => kernelsMarkdown(report, mostBytes),
      annotations: annotationsOfKernels(report),
      data: kernels,
      folders: kernels.kernels.map(({ folder }) => folder),
      dataFile: KERNELS_FILE,
      summaryFile: KERNELS_SUMMARY_FILE,
      status,
    },
    options,
  )
}

/** Prints Cinders side by side, writes the files of the comparison and returns the exit code. */
export async function reportCinders(runs: readonly CinderRun[], options: SideBySideOptions): Promise<number> {
  const { strict = false } = options
  const cinders = compareCinders(runs, cinderFolder)
  const status = cindersStatusOf(runs, strict)
  const report = { cinders, status }
  return reportSideBySide(
    {
      text: (colours) => cindersReport(report, colours),
      markdown: (mostBytes) => cindersMarkdown(report, mostBytes),
      annotations: runs.flatMap(({ result }) => annotationsOf(result, runOutcomeOf(result, { strict }))),
      data: cinders,
      folders: cinders.cinders.map(({ folder }) => folder),
      dataFile: CINDERS_FILE,
      summaryFile: CINDERS_SUMMARY_FILE,
      status,
    },
    options,
  )
}

/** What is reported of several runs beside each other. */
interface SideBySide {
  readonly text: (colours: boolean) => string
  readonly markdown: (mostBytes?: number) => string
  readonly annotations: readonly string[]
  /** What goes to `dataFile`. */
  readonly data: object
  /** Where each run's own report is, below the folder of the result. */
  readonly folders: readonly string[]
  readonly dataFile: string
  readonly summaryFile: string
  readonly status: RunOutcome['status']
}

async function reportSideBySide(report: SideBySide, { out, plain, quiet = false, summary }: SideBySideOptions): Promise<number> {
  const { text, markdown, annotations, data, folders, dataFile, summaryFile, status } = report
  printReport(text(hasColours(plain)), annotations)
  await writeFile(join(out, dataFile), `${JSON.stringify(data, null, 1)}\n`)
  await writeFile(join(out, summaryFile), markdown())
  const files = [...folders.map((folder) => join(folder, REPORT_FILE)), dataFile, summaryFile]
  if (!quiet) for (const file of files) console.log(`  ${join(out, file)}`)
  if (summary !== undefined) await writeOutFile('--summary', summary, markdown())
  await addToJobSummary(markdown)
  return EXIT[status]
}

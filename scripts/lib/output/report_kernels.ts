import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { annotationsOfKernels } from '../../../harness/report/annotations.ts'
import { kernelsMarkdown } from '../../../harness/report/markdown/kernels.ts'
import { sharedFailures } from '../../../harness/report/select/kernels.ts'
import { kernelsReport } from '../../../harness/report/terminal/kernels.ts'
import { compareKernels, type KernelRun, kernelOutcomeOf, kernelsStatusOf } from '../../../harness/result/kernels.ts'
import { EXIT } from '../cli/command.ts'
import { addToJobSummary, printReport } from './github.ts'
import { writeOutFile } from './out.ts'
import { type ReportOptions, writeReports } from './report_run.ts'
import { KERNELS_FILE, KERNELS_SUMMARY_FILE, kernelFolder, REPORT_FILE } from './result_folder.ts'
import { hasColours } from './terminal.ts'

type KernelsReportOptions = Omit<ReportOptions, 'baseline'>

/** Writes the result of one of several kernels and its reports into a folder of its own. */
export async function writeKernel(run: KernelRun, { out, strict = false }: KernelsReportOptions): Promise<void> {
  await writeReports(join(out, kernelFolder(run.kernel)), run.result, kernelOutcomeOf(run, strict))
}

/** Prints kernels side by side, writes the files of the comparison and returns the exit code. */
export async function reportKernels(runs: readonly KernelRun[], options: KernelsReportOptions): Promise<number> {
  const { out, plain, quiet = false, strict = false, summary } = options
  const kernels = compareKernels(runs, kernelFolder)
  const report = { kernels, failures: sharedFailures(runs, strict), status: kernelsStatusOf(runs, kernels, strict) }
  printReport(kernelsReport(report, hasColours(plain)), annotationsOfKernels(report))
  await writeFile(join(out, KERNELS_FILE), `${JSON.stringify(kernels, null, 1)}\n`)
  await writeFile(join(out, KERNELS_SUMMARY_FILE), kernelsMarkdown(report))
  const files = [...kernels.kernels.map(({ folder }) => join(folder, REPORT_FILE)), KERNELS_FILE, KERNELS_SUMMARY_FILE]
  if (!quiet) for (const file of files) console.log(`  ${join(out, file)}`)
  if (summary !== undefined) await writeOutFile('--summary', summary, kernelsMarkdown(report))
  await addToJobSummary((mostBytes) => kernelsMarkdown(report, mostBytes))
  return EXIT[report.status]
}

import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { annotationsOf } from '../../../harness/report/annotations.ts'
import { badgeEndpointOf, badgeOf } from '../../../harness/report/badge.ts'
import { htmlReport } from '../../../harness/report/html/html_report.ts'
import { junitOf } from '../../../harness/report/junit.ts'
import { summaryOf } from '../../../harness/report/markdown/summary.ts'
import { comparisonReport } from '../../../harness/report/terminal/comparison.ts'
import { terminalReport } from '../../../harness/report/terminal/run_report.ts'
import { COMPARISON_LIMITS, type Comparison, compareResults } from '../../../harness/result/compare.ts'
import type { Result } from '../../../harness/result/result.ts'
import { type RunOutcome, runOutcomeOf } from '../../../harness/result/run_outcome.ts'
import { EXIT } from '../cli/command.ts'
import { addToJobSummary, printReport } from './github.ts'
import { writeOutFile } from './out.ts'
import { BADGE_ENDPOINT_FILE, BADGE_FILE, COMPARISON_FILE, COUNTEREXAMPLES, JUNIT_FILE, REPORT_FILE, RESULT_FILE } from './result_folder.ts'
import { hasColours } from './terminal.ts'

export interface ReportOptions {
  /** The folder of the files. */
  readonly out: string
  readonly plain?: boolean | undefined
  readonly quiet?: boolean | undefined
  readonly strict?: boolean | undefined
  /** A file for the Markdown summary. */
  readonly summary?: string | undefined
  /** An earlier result; a run that is worse fails. */
  readonly baseline?: Result | undefined
}

/** Prints the report, writes the result's files and returns the run's exit code. */
export async function reportRun(result: Result, { out, plain, quiet = false, strict, summary, baseline }: ReportOptions): Promise<number> {
  const comparison = baseline && compareResults(baseline, result, { ...COMPARISON_LIMITS, goneIsWorse: strict === true })
  const outcome = runOutcomeOf(result, { strict: strict === true, comparison })
  const colours = hasColours(plain)
  const compared = comparison === undefined ? '' : `\n${comparisonReport(comparison, colours)}`
  printReport(`${terminalReport(result, { colours, quiet, folder: out, ending: outcome })}${compared}`, annotationsOf(result, outcome))
  const files = await writeReports(out, result, outcome, comparison)
  if (!quiet) for (const file of files) console.log(`  ${file}`)
  if (summary !== undefined) await writeOutFile('--summary', summary, summaryOf(result, { ending: outcome, comparison }))
  await addToJobSummary((mostBytes) => summaryOf(result, { ending: outcome, comparison, mostBytes }))
  return EXIT[outcome.status]
}

/** Writes a result and its reports into a folder. Returns the paths. */
export async function writeReports(out: string, result: Result, outcome: RunOutcome, comparison?: Comparison): Promise<string[]> {
  const files = Object.entries(filesOf(result, outcome, comparison)).map(([name, textOf]) => ({ file: join(out, name), textOf }))
  for (const { file, textOf } of files) {
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, await textOf())
  }
  return files.map(({ file }) => file)
}

type Files = Readonly<Record<string, () => string | Promise<string>>>

function filesOf(result: Result, outcome: RunOutcome, comparison: Comparison | undefined): Files {
  return {
    [RESULT_FILE]: () => `${JSON.stringify(result, null, 1)}\n`,
    [JUNIT_FILE]: () => junitOf(result, outcome),
    [REPORT_FILE]: () => htmlReport(result),
    [BADGE_FILE]: () => badgeOf(result),
    [BADGE_ENDPOINT_FILE]: () => badgeEndpointOf(result),
    ...(comparison && { [COMPARISON_FILE]: () => `${JSON.stringify(comparison, null, 1)}\n` }),
    ...counterexampleScripts(result),
  }
}

function counterexampleScripts({ certificates }: Result): Files {
  const scripts = certificates.flatMap(({ counterexamples }) =>
    counterexamples.map(({ file, script }): [string, () => string] => [join(COUNTEREXAMPLES, file), () => script]),
  )
  return Object.fromEntries(scripts)
}

import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Option } from 'commander'
import { UsageError } from '../../harness/errors.ts'
import { findRuns, sweep } from '../../harness/lab/sweep.ts'
import { commandLine } from '../../harness/paths.ts'
import { annotationsOf } from '../../harness/report/annotations.ts'
import { badgeEndpointOf, badgeOf } from '../../harness/report/badge.ts'
import { htmlReport } from '../../harness/report/html/html_report.ts'
import { junitOf } from '../../harness/report/junit.ts'
import { summaryOf } from '../../harness/report/markdown/summary.ts'
import { comparisonReport } from '../../harness/report/terminal/comparison.ts'
import { terminalReport } from '../../harness/report/terminal/run_report.ts'
import { COMPARISON_LIMITS, compareResults } from '../../harness/result/compare.ts'
import type { Result } from '../../harness/result/result.ts'
import { runOutcomeOf } from '../../harness/result/run_outcome.ts'
import { EXIT } from './command.ts'
import { addToJobSummary, printReport } from './github.ts'
import { makeOutFolder, outFile, writeOutFile } from './out.ts'

export const RESULT_FILE = 'result.json'
export const REPORT_FILE = 'report.html'
const JUNIT_FILE = 'junit.xml'
const BADGE_FILE = 'badge.svg'
const BADGE_ENDPOINT_FILE = 'badge.json'
const COMPARISON_FILE = 'comparison.json'
export const COUNTEREXAMPLES = 'counterexamples'
const FILES = [RESULT_FILE, JUNIT_FILE, REPORT_FILE, BADGE_FILE, BADGE_ENDPOINT_FILE, COMPARISON_FILE, COUNTEREXAMPLES]

/** Tells what is done before a run begins; nothing where --quiet was asked for. */
export function createLogger({ quiet }: { readonly quiet?: boolean }): (line: string) => void {
  return quiet ? () => {} : (line) => console.error(line)
}

/** Makes the folder for the result, without one in it. Throws UsageError where nothing can be written. */
export async function prepareFolder(out: string): Promise<void> {
  // What an earlier run found must not be taken for what this one finds.
  await makeOutFolder('--out', out, FILES)
}

/** Makes the folder for the result, so that a run fails before it begins and not in its end, and clears away what killed runs left. */
export async function prepareRun(out: string, log: (line: string) => void): Promise<void> {
  await prepareFolder(out)
  const { removed, failed } = await sweep(await findRuns())
  for (const what of failed) console.error(`left by a killed run, and not removed: ${what}`)
  for (const what of removed) log(`cleared away what a killed run left: ${what}`)
}

/** Aborted by SIGINT and SIGTERM. */
export function stopOnSignals(): AbortController {
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      console.error(`${signal}: clearing up`)
      stop.abort()
    })
  }
  return stop
}

export interface ReportOptions {
  /** The folder of the files. */
  readonly out: string
  readonly plain?: boolean
  readonly quiet?: boolean
  readonly strict?: boolean
  /** A file for the summary in Markdown. */
  readonly summary?: string
  /** An earlier run: the run fails also where it is worse. */
  readonly baseline?: Result | undefined
}

/** Prints the report, writes the result's files, and gives the run's exit code. */
export async function report(result: Result, { out, plain, quiet = false, strict, summary, baseline }: ReportOptions): Promise<number> {
  const comparison = baseline && compareResults(baseline, result, { ...COMPARISON_LIMITS, goneIsWorse: strict === true })
  const ending = runOutcomeOf(result, { strict: strict === true, comparison })
  const colours = hasColours(plain)
  const compared = comparison === undefined ? '' : `\n${comparisonReport(comparison, colours)}`
  printReport(`${terminalReport(result, { colours, quiet, folder: out, ending })}${compared}`, annotationsOf(result, ending))
  const files: Readonly<Record<string, () => string | Promise<string>>> = {
    [RESULT_FILE]: () => `${JSON.stringify(result, null, 1)}\n`,
    [JUNIT_FILE]: () => junitOf(result, ending),
    [REPORT_FILE]: () => htmlReport(result),
    [BADGE_FILE]: () => badgeOf(result),
    [BADGE_ENDPOINT_FILE]: () => badgeEndpointOf(result),
    ...(comparison && { [COMPARISON_FILE]: () => `${JSON.stringify(comparison, null, 1)}\n` }),
    ...scriptsOf(result),
  }
  for (const [file, textOf] of Object.entries(files)) {
    await mkdir(dirname(join(out, file)), { recursive: true })
    await writeFile(join(out, file), await textOf())
    if (!quiet) console.log(`  ${join(out, file)}`)
  }
  if (summary !== undefined) await writeOutFile('--summary', summary, summaryOf(result, { ending, comparison }))
  await addToJobSummary((mostBytes) => summaryOf(result, { ending, comparison, mostBytes }))
  return EXIT[ending.status]
}

/** Whether the standard output takes colours. */
export function hasColours(plain: boolean | undefined): boolean {
  return !plain && process.stdout.isTTY === true && process.env.NO_COLOR === undefined
}

/** The counterexamples' scripts, by their path below the folder of the result. */
function scriptsOf({ certificates }: Result): Record<string, () => string> {
  const scripts = certificates.flatMap(({ counterexamples }) =>
    counterexamples.map(({ file, script }): [string, () => string] => [join(COUNTEREXAMPLES, file), () => script]),
  )
  return Object.fromEntries(scripts)
}

export function newSeed(): number {
  return Math.floor(Math.random() * 1_000_000)
}

/** Reads a whole number of 0 or more. */
export function parseWhole(option: string): (text: string) => number {
  return (text) => {
    const number = Number(text)
    if (!/^\d+$/.test(text) || !Number.isSafeInteger(number))
      throw new UsageError(`${option}: '${text}' is not a whole number of 0 or more`)
    return number
  }
}

/** `--summary`, for every command that reports a run. */
export function summaryOption(): Option {
  const says = 'write a summary in Markdown; a job of GitHub gets it on its page anyway'
  return new Option('--summary <file>', says).argParser(outFile('--summary'))
}

/** `--quiet`, for every command that reports a run. */
export function quietOption(): Option {
  return new Option('--quiet', 'no progress, and of the report only what is not upheld and the verdict')
}

/** `--only`, which may be given again. */
export function onlyOption(what: string): Option {
  return new Option('--only <ids>', `${what} by id, or by the leading parts of it; several with commas`).argParser(
    (ids: string, earlier: string | undefined) => (earlier === undefined ? ids : `${earlier},${ids}`),
  )
}

/** Whether an id is meant by what --only was given: the id itself, or its leading parts. */
export function isMeant(id: string, wanted: string): boolean {
  return id === wanted || id.startsWith(wanted.endsWith('/') ? wanted : `${wanted}/`)
}

/** The parts of an --only list. Throws UsageError when one of them means nothing. */
export function parseOnly(only: string, ids: readonly string[], what: string, command: string): string[] {
  const wanted = only.split(',').map((id) => id.trim())
  const unknown = wanted.filter((id) => !ids.some((known) => isMeant(known, id)))
  if (unknown.length > 0)
    throw new UsageError(`--only: no ${what} is called ${unknown.join(' or ')}; ${commandLine(command)} --list prints them all`)
  return wanted
}

import { readdir } from 'node:fs/promises'
import { findRuns, sweep } from '../../../harness/lab/sweep.ts'
import { makeOutFolder } from './out.ts'

export const RESULT_FILE = 'result.json'
export const REPORT_FILE = 'report.html'
export const JUNIT_FILE = 'junit.xml'
export const BADGE_FILE = 'badge.svg'
export const BADGE_ENDPOINT_FILE = 'badge.json'
export const COMPARISON_FILE = 'comparison.json'
/** The folder of the counterexamples' scripts, below the folder of the result. */
export const COUNTEREXAMPLES = 'counterexamples'
/** The files of a run on several kernels, beside a folder for each. */
export const KERNELS_FILE = 'kernels.json'
export const KERNELS_SUMMARY_FILE = 'kernels.md'
/** The files of a run on several Cinders, beside a folder for each. */
export const CINDERS_FILE = 'cinders.json'
export const CINDERS_SUMMARY_FILE = 'cinders.md'
const FILES = [
  ...[RESULT_FILE, JUNIT_FILE, REPORT_FILE, BADGE_FILE, BADGE_ENDPOINT_FILE, COMPARISON_FILE, COUNTEREXAMPLES],
  ...[KERNELS_FILE, KERNELS_SUMMARY_FILE, CINDERS_FILE, CINDERS_SUMMARY_FILE],
]
const KERNEL_FOLDER = /^kernel-(newest|distribution|\d+\.\d.*)$/

/** The folder of one kernel's result, below the folder of the run. */
export function kernelFolder(kernel: string): string {
  return `kernel-${kernel}`
}

/** The folder of one Cinder's result, below the folder of the run. */
export function cinderFolder(cinder: string): string {
  return `cinder-${cinder.replace(/^\//, '').replaceAll('/', '-')}`
}

/** The folders of the kernels' results in the folder of a run. */
export async function kernelFolders(out: string): Promise<string[]> {
  return (await readdir(out).catch(() => [])).filter((name) => KERNEL_FOLDER.test(name))
}

/** Makes the folder for the result and removes an earlier result from it. Throws UsageError if it is not writable. */
export async function prepareFolder(out: string): Promise<void> {
  // An earlier run's findings must not be mistaken for this run's.
  const cinders = (await readdir(out).catch(() => [])).filter((name) => name.startsWith(cinderFolder('')))
  await makeOutFolder('--out', out, [...FILES, ...(await kernelFolders(out)), ...cinders])
}

/** Makes the folder for the result before the run begins, so that a bad --out fails at once, and removes what killed runs left behind. */
export async function prepareRun(out: string, log: (line: string) => void): Promise<void> {
  await prepareFolder(out)
  const { removed, failed } = await sweep(await findRuns())
  for (const item of failed) console.error(`could not remove what a killed run left behind: ${item}`)
  for (const item of removed) log(`removed what a killed run left behind: ${item}`)
}

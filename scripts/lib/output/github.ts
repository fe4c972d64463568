import { randomUUID } from 'node:crypto'
import { appendFile, stat } from 'node:fs/promises'
import { withoutCommands } from '../../../harness/report/annotations.ts'
import { SUMMARY_BYTES } from '../../../harness/report/markdown/markdown.ts'

/** Prints a report and, in a GitHub job, its annotations. */
export function printReport(text: string, annotations: readonly string[] = []): void {
  if (process.env.GITHUB_ACTIONS !== 'true') return void process.stdout.write(text)
  process.stdout.write([withoutCommands(text, randomUUID()), ...annotations.map((line) => `${line}\n`)].join(''))
}

/** Adds Markdown to the page of the GitHub job, if this is one. `make` receives the number of bytes that the page can still take. */
export async function addToJobSummary(make: (mostBytes: number) => string): Promise<void> {
  const file = process.env.GITHUB_STEP_SUMMARY
  if (file === undefined || file === '') return
  const { size } = await stat(file).catch(() => ({ size: 0 }))
  await appendFile(file, `${make(SUMMARY_BYTES - size - 1)}\n`)
}

import { printable } from '../result/describe.ts'
import type { Result } from '../result/result.ts'
import { runOutcomeOf } from '../result/run_outcome.ts'
import { failuresOf } from './select/failures.ts'
import { shortened } from './select/words.ts'

/** GitHub shows at most this many errors of a step. */
const MOST = 10
const MOST_TEXT = 1000

/** GitHub's workflow commands that make an annotation of each failure, ten at most. Where there are more, the last says how many. */
export function annotationsOf(result: Result, ending = runOutcomeOf(result)): string[] {
  const failures = failuresOf(result, ending)
  const shown = failures.length > MOST ? failures.slice(0, MOST - 1) : failures
  const lines = shown.map(({ id, verdict, why, repeat }) =>
    annotation(`${verdict}: ${id}`, [...why, ...(repeat === '' ? [] : [`repeat: ${repeat}`])].join('\n')),
  )
  if (shown.length === failures.length) return lines
  return [...lines, annotation(`${failures.length - shown.length} more`, 'The summary and the report list them all.')]
}

/** Keeps GitHub from taking what a driver said for a command of its own, until the last line. The token must be new each time. */
export function withoutCommands(text: string, token: string): string {
  return `::stop-commands::${token}\n${text}${text.endsWith('\n') ? '' : '\n'}::${token}::\n`
}

function annotation(title: string, message: string): string {
  return `::error title=${property(printable(title))}::${data(shortened(printable(message), MOST_TEXT))}`
}

function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}

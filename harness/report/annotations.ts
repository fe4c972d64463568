import { printable } from '../result/describe.ts'
import type { Result } from '../result/result.ts'
import { runOutcomeOf } from '../result/run_outcome.ts'
import { type Failure, failuresOf } from './select/failures.ts'
import type { KernelsReport } from './select/kernels.ts'
import { shortened } from './select/words.ts'

/** GitHub shows at most this many errors of a step. */
const MOST = 10
const MOST_TEXT = 1000

/** GitHub's workflow commands that make an annotation of each failure. */
export function annotationsOf(result: Result, ending = runOutcomeOf(result)): string[] {
  return atMostTen(failuresOf(result, ending).map((failure) => ofFailure(failure, failure.why)))
}

/** The annotations of a run on several kernels: its failures, then the differences. */
export function annotationsOfKernels({ failures, kernels: { differences } }: KernelsReport): string[] {
  return atMostTen([
    ...failures.map((failure) => ofFailure(failure, [`on ${failure.kernels.join(', ')}`, ...failure.why])),
    ...differences.map(({ id, field, values }) =>
      annotation(`kernels differ: ${id}`, [field, ...values.map(({ value, kernels }) => `${kernels.join(', ')}: ${value}`)].join('\n')),
    ),
  ])
}

function ofFailure({ id, verdict, repeat }: Failure, lines: readonly string[]): string {
  return annotation(`${verdict}: ${id}`, [...lines, ...(repeat === '' ? [] : [`repeat: ${repeat}`])].join('\n'))
}

/** Where there are more, the last gives the number of the others. */
function atMostTen(all: readonly string[]): string[] {
  if (all.length <= MOST) return [...all]
  const shown = all.slice(0, MOST - 1)
  return [...shown, annotation(`${all.length - shown.length} more`, 'The summary and the report list them all.')]
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

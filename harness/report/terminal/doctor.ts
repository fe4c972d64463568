import wrapAnsi from 'wrap-ansi'
import { chalkFor, WIDTH } from './style.ts'

/** The findings of `doctor` on this machine. */
export interface DoctorReport {
  readonly observations: readonly {
    readonly what: string
    readonly state: 'well' | 'missing' | 'unwell'
    readonly text: string
    readonly help?: string
  }[]
  readonly kinds: readonly { readonly kind: string; readonly state: 'works' | 'can-be-brought' | 'impossible'; readonly text: string }[]
  readonly auto?: { readonly kind: string; readonly why: string }
}

const LABEL = 22
const MARKS = { well: '✓', works: '✓', missing: '?', 'can-be-brought': '?', unwell: '✗', impossible: '✗' } as const

/** The report as text for a terminal of 80 columns. */
export function doctorReport({ observations, kinds, auto }: DoctorReport, colours: boolean): string {
  const chalk = chalkFor(colours)
  const colour = (state: keyof typeof MARKS) => (MARKS[state] === '✓' ? chalk.green : MARKS[state] === '?' ? chalk.yellow : chalk.red)
  const line = (state: keyof typeof MARKS, label: string, text: string) => {
    const [first = '', ...rest] = wrapAnsi(text, WIDTH - LABEL - 2, { hard: true }).split('\n')
    const indent = ' '.repeat(LABEL + 2)
    return [`${colour(state)(MARKS[state])} ${label.padEnd(LABEL)}${first}`, ...rest.map((more) => `${indent}${more}`)].join('\n')
  }
  return [
    chalk.bold('This machine'),
    ...observations.map(({ what, state, text, help }) => line(state, what, help === undefined ? text : `${text}\n${help}`)),
    '',
    chalk.bold('Where holeproof can run'),
    ...kinds.map(({ kind, state, text }) => line(state, kind, state === 'can-be-brought' ? `${text}\nthe first run installs it` : text)),
    '',
    auto === undefined
      ? chalk.red.bold('✗ no usable machine')
      : wrapAnsi(`${chalk.green.bold(`✓ --machine auto takes ${auto.kind}`)}: ${auto.why}`, WIDTH),
    '',
  ].join('\n')
}

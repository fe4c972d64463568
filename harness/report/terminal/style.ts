import { Chalk, type ChalkInstance } from 'chalk'
import Table from 'cli-table3'
import wrapAnsi from 'wrap-ansi'
import type { CheckResult } from '../../result/certificate.ts'
import type { Verdict } from '../../result/finding.ts'

/** Columns of the terminal that every report fits. */
export const WIDTH = 80

export function chalkFor(colours: boolean): ChalkInstance {
  return new Chalk({ level: colours ? 1 : 0 })
}

export function colourOf(verdict: Verdict | CheckResult['verdict'], chalk: ChalkInstance): ChalkInstance {
  return { upheld: chalk.green, refuted: chalk.red, 'not-shown': chalk.yellow, broken: chalk.magenta, 'not-offered': chalk.dim }[verdict]
}

/** A text below a head: lines that fit the terminal with four blanks before them. */
export function indent(text: string): string[] {
  return wrapBehind('    ', text)
}

/** A text broken into lines that fit the terminal with `before` in front of each. */
export function wrapBehind(before: string, text: string): string[] {
  return wrapAnsi(text, WIDTH - before.length, { hard: true })
    .split('\n')
    .map((line) => `${before}${line}`)
}

export interface TableColumn {
  readonly name: string
  readonly width: number
  /** Figures stand at the right. */
  readonly right?: boolean
}

/** A table without lines, its head dimmed. */
export function drawTable(columns: readonly TableColumn[], rows: readonly (readonly string[])[], chalk: ChalkInstance): string {
  const table = new Table({
    chars: BORDERLESS,
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
    colWidths: columns.map(({ width }) => width),
    colAligns: columns.map(({ right }) => (right ? 'right' : 'left')),
  })
  table.push(columns.map(({ name }) => chalk.dim(name)))
  table.push(...rows.map((row) => [...row]))
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
}

const BORDERLESS = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: ' ',
}

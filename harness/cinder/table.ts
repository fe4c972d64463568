import type { CinderResult, RowResult } from './result.ts'

const COLUMNS = 80
const INDENT = '    '
const HEAD = ['row', 'copy', 'claim', 'verdict', 'pool Data%', 's'] as const
const WIDTHS = [37, 6, 5, 7, 16] as const

/** The rows of a run as text of 80 columns: a line for each, and below it what was wrong. */
export function tableOf({ cinder, kernel, seed, seconds, rows }: CinderResult): string {
  const lines = [
    `Cinder ${cinder}, kernel ${kernel}, seed ${seed}, ${seconds} s`,
    ...rows.flatMap((row) => [lineOf(cellsOf(row)), ...detailsOf(row)]),
  ]
  lines.splice(1, 0, lineOf(HEAD))
  return lines.join('\n')
}

function lineOf(cells: readonly string[]): string {
  return cells
    .map((cell, column) => cell.padEnd(WIDTHS[column] ?? 0))
    .join(' ')
    .trimEnd()
}

function cellsOf({ id, copies, claim, verdict, dataPercent, seconds }: RowResult): string[] {
  const modes = [...new Set(copies.map(({ sparse }) => (sparse ? 'sparse' : 'full')))]
  const data = dataPercent === undefined ? '' : `${dataPercent.before} -> ${dataPercent.after}`
  return [id, modes.join('+') || '-', claim === undefined ? '-' : String(claim), verdict, data, String(Math.round(seconds))]
}

function detailsOf({ wrong, status, migrationStatus, verdict, leftovers, note }: RowResult): string[] {
  const states = verdict === 'intact' || status === undefined ? [] : [`status ${status}, migration status ${migrationStatus ?? 'none'}`]
  const bytes =
    wrong === undefined
      ? []
      : [
          `${wrong.bytes} bytes wrong, the first at ${wrong.first}: ${wrong.found} where ${wrong.expected === 'zero' ? 'zeros belong' : 'data belongs'}`,
        ]
  const left = leftovers.map((thing) => `left behind: ${thing}`)
  return [...bytes, ...states, ...(note === undefined ? [] : [note]), ...left].map(shortened)
}

function shortened(text: string): string {
  const room = COLUMNS - INDENT.length
  return `${INDENT}${text.length > room ? `${text.slice(0, room - 3)}...` : text}`
}

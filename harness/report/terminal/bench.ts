import type { ChalkInstance } from 'chalk'
import type { Bench, Figure } from '../../result/bench.ts'
import { allPrintable } from '../../result/describe.ts'
import { plural } from '../../units.ts'
import { benchNotes, breakdownTables, commitText, type PartsTable, peakText, ratioText, sideText } from '../select/bench.ts'
import { MARKS } from '../select/words.ts'
import { chalkFor, colourOf, drawTable, wrapBehind } from './style.ts'

/** Two commits measured, as text for a terminal of 80 columns. */
export function benchReport(of: Bench, colours: boolean): string {
  const bench = allPrintable(of)
  const chalk = chalkFor(colours)
  const parts = [
    figuresTable(bench, chalk),
    ...breakdownTables(bench).map((table) => partsTable(table, chalk)),
    benchNotes(bench)
      .flatMap((note) => wrapBehind('', note))
      .join('\n'),
    summary(bench, chalk),
  ]
  return `${parts.join('\n\n')}\n`
}

function figuresTable({ figures, before, after }: Bench, chalk: ChalkInstance): string {
  const columns = [
    { name: 'figure', width: 9 },
    { name: `before ${commitText(before)}`, width: 21, right: true },
    { name: `after ${commitText(after)}`, width: 21, right: true },
    { name: 'ratio', width: 14, right: true },
    { name: 'peak MiB', width: 11, right: true },
  ]
  const measured = figures.filter((figure) => figure.state === 'measured')
  const rows = measured.map((figure) => [
    `${mark(figure, chalk)} ${figure.id}`,
    sideText(figure.before, figure.unit),
    sideText(figure.after, figure.unit),
    ratioText(figure),
    `${peakText(figure.before)}>${peakText(figure.after)}`,
  ])
  const absent = figures.flatMap((figure) =>
    figure.state === 'measured' ? [] : [`${mark(figure, chalk)} ${figure.id}`, ...wrapBehind('    ', figure.reason)],
  )
  return [...(rows.length === 0 ? [] : [drawTable(columns, rows, chalk)]), ...absent].join('\n')
}

function partsTable({ title, columns: [name, ...figures], rows }: PartsTable, chalk: ChalkInstance): string {
  const columns = [{ name, width: 30 }, ...figures.map((figure) => ({ name: figure, width: 9, right: true }))]
  return [chalk.bold(title), drawTable(columns, rows, chalk)].join('\n')
}

function summary({ figures, seconds }: Bench, chalk: ChalkInstance): string {
  const count = figures.filter(({ state }) => state === 'measured').length
  const verdict = count === figures.length && count > 0 ? 'upheld' : 'not-shown'
  const head = verdict === 'upheld' ? 'MEASURED' : 'NOT ALL MEASURED'
  const text = `${count} of ${plural(figures.length, 'figure')}, in ${seconds.toFixed(0)} s`
  return `${colourOf(verdict, chalk).bold(`${MARKS[verdict]} ${head}`)}  ${text}`
}

function mark({ state }: Figure, chalk: ChalkInstance): string {
  const verdict = state === 'measured' ? 'upheld' : state
  return colourOf(verdict, chalk)(MARKS[verdict])
}

import type { ChalkInstance } from 'chalk'
import wrapAnsi from 'wrap-ansi'
import type { CopyResult } from '../../result/copy.ts'
import type { Result } from '../../result/result.ts'
import { plural } from '../../units.ts'
import { bytesSeen } from '../select/bytes_seen.ts'
import { mirrorTables } from '../select/mirror_tables.ts'
import { MARKS } from '../select/words.ts'
import { colourOf, drawTable } from './style.ts'

const TRAP = /^trap\//

/** The traps, one a line. Random copies are only counted, in the summary. */
export function copiesReport(copies: readonly CopyResult[], chalk: ChalkInstance): string[] {
  const traps = copies.filter(({ id }) => TRAP.test(id))
  return traps.length === 0
    ? []
    : [[chalk.bold('Traps: what real storage does to a copy'), ...traps.map((trap) => trapLine(trap, chalk))].join('\n')]
}

function trapLine(trap: CopyResult, chalk: ChalkInstance): string {
  const { id, verdict, seconds } = trap
  const { word = '', bytes = 0 } = bytesSeen(trap) ?? {}
  const count = bytes > 0 ? `${bytes} B` : ''
  const parts = [
    id.replace(TRAP, '').padEnd(48),
    bytes > 0 ? chalk.yellow(word) : word,
    count.padStart(25 - word.length),
    seconds.toFixed(seconds < 9.95 ? 1 : 0).padStart(5),
  ]
  return [colourOf(verdict, chalk)(MARKS[verdict]), ' ', ...parts].join('')
}

/** What the options of QEMU's mirror do, a table for each version and kind of source. */
export function mirrorReport(result: Pick<Result, 'copies'>, chalk: ChalkInstance): string[] {
  return mirrorTables(result).map(({ title, destinations, rows }) => {
    const columns = [{ name: '', width: 23 }, ...destinations.map((name) => ({ name, width: 9 }))]
    const cells = rows.map(({ options, cells }) => [options, ...cells.map(({ text }) => (text === 'corrupt' ? chalk.yellow(text) : text))])
    return `${chalk.bold(`The mirror of ${title}`)}\n${drawTable(columns, cells, chalk)}`
  })
}

/** Lines for the end of a report. */
export function copiesSummary(copies: readonly CopyResult[]): string[] {
  if (copies.length === 0) return []
  const seen = copies.filter(({ wrongBytes }) => wrongBytes !== undefined)
  const corrupt = (some: readonly CopyResult[]) => some.filter(({ wrongBytes = 0 }) => wrongBytes > 0).length
  const agreed = seen.filter(({ findings }) => findings.every(({ check, ok }) => ok || !check.startsWith('model'))).length
  const permitted = seen.filter((copyCase) => copyCase.permitted)
  const other = seen.length - permitted.length
  return [
    `  ${agreed} of ${plural(copies.length, 'copy was', 'copies were')} as the model predicted, to the byte and to the chunk`,
    `  ${permitted.length} that the rule permits: ${corrupt(permitted)} corrupt; ${other} that it does not: ${corrupt(seen) - corrupt(permitted)} corrupt`,
  ]
}

/** The lines that a failed copy adds to its findings: its description, and the smallest copy that shows the same. */
export function copyDetails({ description, smallest }: CopyResult): string[] {
  const shown = smallest === undefined ? [] : [`smallest: ${smallest.description}`, `  ${smallest.text}`]
  return [description, ...shown].flatMap((text) => wrapAnsi(text, 76).split('\n'))
}

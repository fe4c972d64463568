import type { ChalkInstance } from 'chalk'
import wrapAnsi from 'wrap-ansi'
import type { CellResult, Note } from '../../result/cell.ts'
import type { CopyResult } from '../../result/copy.ts'
import { allPrintable, describeFailed } from '../../result/describe.ts'
import type { Result } from '../../result/result.ts'
import { type RunOutcome, runOutcomeOf } from '../../result/run_outcome.ts'
import { MiB, plural } from '../../units.ts'
import { advicesOf } from '../select/advice.ts'
import { specTables } from '../select/lvs_table.ts'
import { mapOfCell, mapOfCopy } from '../select/map_rows.ts'
import { SECTIONS, type Section } from '../select/sections.ts'
import { MARKS, machinesText, NOTES, unusualTransport } from '../select/words.ts'
import { certificateDetails, certificatesReport, certificatesSummary } from './certificates.ts'
import { copiesReport, copiesSummary, copyDetails, mirrorReport } from './copies.ts'
import { corruptMaps, mapLines } from './map_lines.ts'
import { chalkFor, colourOf, drawTable, indent, WIDTH } from './style.ts'

const MOST_ADVICES = 4

export interface TerminalOptions {
  readonly colours?: boolean
  /** Only what is not upheld, and the verdict. */
  readonly quiet?: boolean
  /** Where the run's files are. */
  readonly folder?: string
  readonly ending?: RunOutcome
}

/** The run as text for a terminal of 80 columns. */
export function terminalReport(of: Result, options: TerminalOptions = {}): string {
  const result = allPrintable(of)
  const { colours = false, quiet = false, folder = 'reports', ending = runOutcomeOf(result) } = options
  const chalk = chalkFor(colours)
  const end = [...troubles(result, ending, chalk), ...whatToDo(result, chalk), summary(result, chalk)]
  if (quiet)
    return `${[...certificateDetails(result.certificates, folder, chalk), ...corruptMaps(result, chalk, quiet), ...end].join('\n\n')}\n`
  const parts = SECTIONS.flatMap((section) => {
    const cells = result.cells.filter(section.holds)
    return cells.length === 0 ? [] : [`${chalk.bold(section.title)}\n${table(cells, section, chalk)}`]
  })
  parts.push(
    ...copiesReport(result.copies, chalk),
    ...mirrorReport(result, chalk),
    ...certificatesReport(result.certificates, folder, chalk),
  )
  parts.push(...specTables(result).map(({ text }) => text), ...corruptMaps(result, chalk), ...worthKnowing(result), ...end)
  return `${parts.join('\n\n')}\n`
}

/** One line on a cell as it ends, for logs. */
export function cellLine({ id, verdict, seconds }: Pick<CellResult, 'id' | 'verdict' | 'seconds'>, done: number, total?: number): string {
  const count = total === undefined ? `${done}` : `${String(done).padStart(String(total).length)}/${total}`
  return `${MARKS[verdict]} ${count} ${id} ${seconds.toFixed(1)} s`
}

function table(cells: readonly CellResult[], { variant }: Section, chalk: ChalkInstance): string {
  const column = (name: string, width: number) => ({ name, width })
  const seconds = { name: 's', width: 3, right: true }
  const rows = cells.map((cell): string[] => [
    colourOf(cell.verdict, chalk)(MARKS[cell.verdict]),
    cell.source,
    cell.destination,
    ...(variant === undefined ? [] : [variant(cell)]),
    claimOf(cell),
    cell.evidence?.decision?.mode ?? '',
    ...(variant === undefined ? [decidedBy(cell)] : []),
    bytesOf(cell, chalk),
    percentOf(cell),
    cell.seconds.toFixed(cell.seconds < 9.95 ? 1 : 0),
  ])
  const [mark, claim, mode, percent] = [column('', 1), column('claim', 5), column('mode', 6), column('Data%', 13)]
  const columns =
    variant === undefined
      ? [mark, column('source', 12), column('destination', 12), claim, mode, column('decided by', 13), column('bytes', 7), percent, seconds]
      : [mark, column('source', 9), column('dest.', 9), column('', 15), claim, mode, column('bytes', 9), percent, seconds]
  return drawTable(columns, rows, chalk)
}

/** `movedBy` matters in the driver-assisted section only, where a driver may have declined. */
function decidedBy({ method, evidence }: CellResult): string {
  const by = evidence?.decision?.decidedBy ?? ''
  return method === 'driver' && evidence?.movedBy === 'host' ? 'declined' : by
}

function claimOf({ evidence }: CellResult): string {
  const answer = evidence?.answer
  if (answer?.kind !== 'answered') return '-'
  const { report } = answer
  const claim = typeof report === 'object' && report !== null && 'sparse_copy_volume' in report ? report.sparse_copy_volume : undefined
  return claim === undefined ? '-' : JSON.stringify(claim).slice(0, 7)
}

function bytesOf({ evidence, control }: CellResult, chalk: ChalkInstance): string {
  const verification = evidence?.verification
  if (verification === undefined) return ''
  if (verification.wrongBytes === 0) return 'intact'
  return (control ? chalk.yellow : chalk.red)('corrupt')
}

function percentOf({ evidence }: CellResult): string {
  if (evidence === undefined) return ''
  const of = (percent: string | undefined) => (percent === undefined ? '?' : percent === '' ? 'thick' : percent)
  return `${of(evidence.before.dataPercent)}>${of(evidence.after?.dataPercent)}`
}

/** Each kind of note once, with the first cell that shows it. */
function worthKnowing({ cells }: Result): string[] {
  const kinds = Object.keys(NOTES) as Note['kind'][]
  return kinds.flatMap((kind) => {
    const noted = cells.flatMap(({ id, notes }) => notes.filter((note) => note.kind === kind).map(({ text }) => `${id}: ${text}`))
    const [first] = noted
    return first === undefined ? [] : [wrapAnsi(`${NOTES[kind]} (${plural(noted.length, 'cell')}). ${first}`, WIDTH)]
  })
}

function troubles({ cells, copies, leaks, brokenRule }: Result, { status: says, why }: RunOutcome, chalk: ChalkInstance): string[] {
  const failed = ({ verdict }: CellResult | CopyResult) => verdict === 'refuted' || verdict === 'broken'
  const lines = [
    ...cells.filter(failed).map((cell) => trouble(cell, mapLines(mapOfCell(cell), chalk), chalk)),
    ...copies
      .filter(failed)
      .map((copyCase) => trouble(copyCase, [...copyDetails(copyCase), ...mapLines(mapOfCopy(copyCase), chalk)], chalk)),
  ]
  const notShown = [...cells, ...copies].filter(({ verdict }) => verdict === 'not-shown')
  for (const because of new Set(notShown.map(({ reason = '' }) => reason))) {
    const { length } = notShown.filter(({ reason = '' }) => reason === because)
    const head = chalk.yellow(`${MARKS['not-shown']} not shown`)
    lines.push(wrapAnsi(`${head}: ${plural(length, 'cell')}, because ${because}`, WIDTH, { hard: true }))
  }
  if (leaks.length > 0) lines.push(indented(chalk.red('! left behind'), leaks))
  if (why.length > 0) lines.push(indented(colourOf(says, chalk)(`${MARKS[says]} the run as a whole`), why))
  if (brokenRule !== undefined) lines.unshift(chalk.yellow(`The run was broken on purpose (${brokenRule}): it must be red.`))
  return lines
}

/** A head with texts below it, each broken into lines that fit. */
function indented(head: string, texts: readonly string[]): string {
  return [head, ...texts.flatMap(indent)].join('\n')
}

function trouble(result: CellResult | CopyResult, more: readonly string[], chalk: ChalkInstance): string {
  const { id, verdict, reason, findings, repeat } = result
  const details = [...describeFailed(findings), ...(reason === undefined ? [] : reason.split('\n')), ...unusualTransport(result)]
  return [
    `${colourOf(verdict, chalk)(`${MARKS[verdict]} ${verdict}`)} ${id}`,
    ...details.flatMap(indent),
    // Maps are drawn to fit, and the command is not broken into lines: it is there to be copied.
    ...[...more, `repeat: ${repeat}`].map((line) => `    ${line}`),
  ].join('\n')
}

/** For the first kinds of failures what they mean; there are seldom more. */
function whatToDo(result: Result, chalk: ChalkInstance): string[] {
  const advices = [...advicesOf(result)]
  if (advices.length === 0) return []
  const shown = advices.slice(0, MOST_ADVICES).flatMap(([{ means, todo }, checks]) => {
    const [first = '', ...others] = checks
    const text = `${first}${others.length > 0 ? ` and ${others.length} more` : ''}: ${means} ${todo}`
    return indent(text)
  })
  const left = advices.slice(MOST_ADVICES).map(([, [first = '']]) => first)
  const more = left.length === 0 ? [] : indent(`also ${left.join(', ')}: see docs/findings.md`)
  return [[chalk.bold('What it means, and what to do'), ...shown, ...more].join('\n')]
}

function summary(result: Result, chalk: ChalkInstance): string {
  const { cells, copies, certificates, counts, leaks, seconds, seed, machines, verdict } = result
  const controls = cells.filter(({ control }) => control)
  const worked = controls.filter((cell) => cell.verdict === 'upheld').length
  const checked = cells.reduce((sum, { evidence }) => sum + (evidence?.verification?.checkedBytes ?? 0), 0)
  const parts = [`${counts.upheld} upheld`, `${counts.refuted} refuted`, `${counts['not-shown']} not shown`, `${counts.broken} broken`]
  const head = colourOf(verdict, chalk).bold(`${MARKS[verdict]} ${verdict.toUpperCase()}`)
  const where = `  ${seconds.toFixed(1)} s on ${machinesText(machines)}; seed ${seed}${shardsOf(result)}`
  if (certificates.length > 0) return `${head}  ${certificatesSummary(result)}\n${where}`
  const some = [
    ...(cells.length > 0 ? [plural(cells.length, 'cell')] : []),
    ...(copies.length > 0 ? [plural(copies.length, 'copy', 'copies')] : []),
  ]
  const what = some.length === 0 ? 'nothing ran' : some.join(' and ')
  if (cells.length === 0)
    return [`${head}  ${what}: ${parts.join(', ')}`, ...copiesSummary(copies), `  ${plural(leaks.length, 'leak')}`, where].join('\n')
  return [
    `${head}  ${what}: ${parts.join(', ')}`,
    ...(controls.length > 0 ? [`  ${worked} of ${plural(controls.length, 'control')} did what breaking the rule must do`] : []),
    ...copiesSummary(copies),
    `  ${(checked / MiB).toFixed(0)} MiB checked byte by byte; ${plural(leaks.length, 'leak')}`,
    where,
  ].join('\n')
}

function shardsOf({ shard, merged }: Result): string {
  if (shard !== undefined) return `; shard ${shard.number} of ${shard.of}`
  return merged === undefined ? '' : `; ${merged.shards - merged.missingShards.length} of ${plural(merged.shards, 'shard')}`
}

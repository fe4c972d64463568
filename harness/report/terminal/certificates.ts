import type { ChalkInstance } from 'chalk'
import wrapAnsi from 'wrap-ansi'
import { type Certificate, type CheckResult, type Counterexample, LEFT_OUT } from '../../result/certificate.ts'
import { describeFound } from '../../result/describe.ts'
import type { Result } from '../../result/result.ts'
import { showCounterexample } from '../../result/show_counterexample.ts'
import { plural } from '../../units.ts'
import { MARKS } from '../select/words.ts'
import { colourOf, indent, WIDTH } from './style.ts'

const ID_WIDTH = 34
/** Refuted checks without a counterexample that are shown in full. */
const MOST_SHOWN = 5

/** The certificates as text for a terminal of 80 columns: every check of one driver, or a table of checks and drivers. */
export function certificatesReport(certificates: readonly Certificate[], folder: string, chalk: ChalkInstance): string[] {
  const [only] = certificates
  if (only === undefined) return []
  return [
    certificates.length === 1 ? checkList(only, chalk) : checkTable(certificates, chalk),
    ...certificateDetails(certificates, folder, chalk),
  ]
}

/** The parts of each driver that a reader acts on. `folder` holds the run's files. */
export function certificateDetails(certificates: readonly Certificate[], folder: string, chalk: ChalkInstance): string[] {
  return certificates.flatMap((certificate) => details(certificate, folder, chalk))
}

/** One line on a check as it ends, for logs. */
export function checkLine(driver: string, { id, verdict, seconds }: CheckResult, done: number, total: number): string {
  return `${MARKS[verdict]} ${String(done).padStart(String(total).length)}/${total} ${driver} ${id} ${seconds.toFixed(1)} s`
}

function checkList({ checks }: Certificate, chalk: ChalkInstance): string {
  const ran = checks.filter(({ verdict }) => verdict !== 'not-shown' && verdict !== 'not-offered')
  const lines = ran.flatMap(({ id, verdict, text }) => {
    const head = `${colourOf(verdict, chalk)(MARKS[verdict])} ${id.padEnd(ID_WIDTH)}`
    const seen = wrapAnsi(text, WIDTH - ID_WIDTH - 3, { hard: true }).split('\n')
    // A peer's name may make an id longer than its column: then what was seen begins below it.
    const beside = id.length > ID_WIDTH ? ['', ...seen] : seen
    return beside.map((line, index) => (index === 0 ? `${head} ${line}` : `${' '.repeat(ID_WIDTH + 3)}${line}`).trimEnd())
  })
  return [
    ...lines,
    ...(['not-offered', 'not-shown'] as const).flatMap((verdict) => notRun(checks, verdict, chalk)),
    ...leftOut(checks, chalk),
  ].join('\n')
}

/** Checks that were not asked for are counted, not listed. */
function leftOut(checks: readonly CheckResult[], chalk: ChalkInstance): string[] {
  const { size } = new Set(checks.filter(({ text }) => text === LEFT_OUT).map(({ id }) => id))
  return size === 0
    ? []
    : [`${chalk.yellow(MARKS['not-shown'])} ${plural(size, 'more check was', 'more checks were')} ${LEFT_OUT}, so nothing is certified`]
}

/** The checks that did not run, by the reason. */
function notRun(checks: readonly CheckResult[], verdict: 'not-shown' | 'not-offered', chalk: ChalkInstance): string[] {
  const left = checks.filter((check) => check.verdict === verdict && check.text !== LEFT_OUT)
  return [...new Set(left.map(({ text }) => text))].flatMap((why) => {
    const ids = left.filter(({ text }) => text === why).map(({ id }) => id)
    const what = `${verdict === 'not-shown' ? 'not shown' : 'not offered'}, ${why}: ${ids.join(', ')}`
    const [first = '', ...rest] = wrapAnsi(what, WIDTH - 2, { hard: true }).split('\n')
    return [`${colourOf(verdict, chalk)(MARKS[verdict])} ${first}`, ...rest.map((line) => `  ${line}`)]
  })
}

/** One column a driver, under its letter; the letters are explained first. */
function checkTable(certificates: readonly Certificate[], chalk: ChalkInstance): string {
  const letterOf = (index: number) => String.fromCharCode(index < 26 ? 65 + index : 71 + index)
  const legend = certificates.map(({ driver, claim, verdict }, index) => {
    const mark = colourOf(verdict, chalk)(`${MARKS[verdict]} ${verdict.padEnd(9)}`)
    return `${letterOf(index)}  ${mark}  ${driver.padEnd(34)} claims ${claim}`
  })
  const all = certificates.flatMap(({ checks }) => checks)
  const ids = [...new Set(all.filter(({ text }) => text !== LEFT_OUT).map(({ id }) => id))]
  const width = Math.max(ID_WIDTH, ...ids.map(({ length }) => length))
  const rows = ids.map((id) => {
    const marks = certificates.map(({ checks }) => {
      const found = checks.find((check) => check.id === id)
      return found === undefined ? ' ' : colourOf(found.verdict, chalk)(MARKS[found.verdict])
    })
    return `${id.padEnd(width)} ${marks.join('')}`
  })
  return [
    ...legend,
    '',
    `${''.padEnd(width)} ${certificates.map((_, index) => letterOf(index)).join('')}`,
    ...rows,
    ...leftOut(all, chalk),
  ].join('\n')
}

/** The first counterexample, and refutations without one. The rest is in the result. */
function details(certificate: Certificate, folder: string, chalk: ChalkInstance): string[] {
  const { driver, checks, counterexamples, wastedSpace, verdict, reason } = certificate
  const parts: string[] = []
  const [smallest, ...others] = counterexamples
  if (smallest !== undefined) {
    const by = checks.filter((check) => check.counterexample === 0)
    const more = others.map(({ what, file }) => `also ${what}: ${file}`).flatMap(indent)
    parts.push([counterexampleText(certificate, smallest, by, folder, chalk), ...more].join('\n'))
  }
  const bare = checks.filter((check) => (check.verdict === 'refuted' || check.verdict === 'broken') && check.counterexample === undefined)
  const [first] = bare
  if (first !== undefined) {
    parts.push(
      [
        colourOf(first.verdict, chalk)(`${MARKS[first.verdict]} ${driver}`),
        ...bare.slice(0, MOST_SHOWN).flatMap(({ id, text }) => indent(`${id}: ${text}`)),
        ...(bare.length > MOST_SHOWN ? [`    and ${bare.length - MOST_SHOWN} more`] : []),
        `    repeat: ${first.repeat}`,
      ].join('\n'),
    )
  }
  if (wastedSpace !== undefined) parts.push(wrapAnsi(`${chalk.yellow('~ wasted space')}: ${driver}: ${wastedSpace}.`, WIDTH))
  if ((verdict === 'not-shown' || verdict === 'broken') && reason !== LEFT_OUT)
    parts.push(wrapAnsi(`${colourOf(verdict, chalk)(`${MARKS[verdict]} ${verdict}`)} ${driver}: ${reason ?? ''}`, WIDTH, { hard: true }))
  return parts
}

function counterexampleText(
  certificate: Certificate,
  counterexample: Counterexample,
  by: readonly CheckResult[],
  folder: string,
  chalk: ChalkInstance,
): string {
  const { what, actualBytes, wrongBytes, first } = counterexample
  const [check] = by
  return [
    `${colourOf('refuted', chalk)(`${MARKS.refuted} ${certificate.driver}`)}: the smallest counterexample`,
    ...indent(`${what}: ${wrongBytes} of ${actualBytes} bytes are wrong, the first at byte ${first.offset}: ${describeFound(first.found)}`),
    ...indent(`shown by ${by.length === 1 ? '' : `${by.length} checks, the first `}${check?.id ?? ''}`),
    // The command is not broken into lines: it is there to be copied.
    `    repeat: ${check?.repeat ?? ''}`,
    `    without holeproof: ${showCounterexample(certificate, counterexample, folder)}`,
  ].join('\n')
}

/** A driver that could not be set up was asked for nothing. */
function claimOf({ claim, checks }: Certificate): string {
  return checks.some(({ id, verdict }) => id === 'sets-up' && verdict !== 'upheld') ? 'which was never asked' : `which claims ${claim}`
}

/** The run's last lines. */
export function certificatesSummary({ counts, certificates, leaks }: Pick<Result, 'counts' | 'certificates' | 'leaks'>): string {
  const [only] = certificates
  const drivers =
    certificates.length === 1 && only !== undefined ? `${only.driver}, ${claimOf(only)}` : plural(certificates.length, 'driver')
  const checks = certificates.flatMap((certificate) => certificate.checks)
  const count = (verdict: CheckResult['verdict']) => checks.filter((check) => check.verdict === verdict).length
  const shown = [
    `${plural(count('upheld'), 'check')} upheld`,
    `${count('refuted')} refuted`,
    `${count('not-shown')} not shown`,
    `${count('broken')} broken`,
    `${count('not-offered')} not offered; ${plural(leaks.length, 'leak')}`,
  ].join(', ')
  const lines = wrapAnsi(shown, WIDTH - 2).replaceAll(/^/gm, '  ')
  if (certificates.length === 1) return `${drivers}\n${lines}`
  const parts = [`${counts.upheld} upheld`, `${counts.refuted} refuted`, `${counts['not-shown']} not shown`, `${counts.broken} broken`]
  return `${drivers}: ${parts.join(', ')}\n${lines}`
}

import type { ChalkInstance } from 'chalk'
import type { CinderCheck, Cinders } from '../../result/cinders.ts'
import { allPrintable } from '../../result/describe.ts'
import { type CindersReport, cindersSummary, sharedSights, shortName } from '../select/cinders.ts'
import { MARKS } from '../select/words.ts'
import { chalkFor, colourOf, drawTable, indent, WIDTH } from './style.ts'

const MOST_NAME = 12

/** A run on several Cinders, check by release, as text for a terminal of 80 columns. */
export function cindersReport(of: CindersReport, colours: boolean): string {
  const { cinders, status } = allPrintable(of)
  const chalk = chalkFor(colours)
  const parts = [
    ...cinders.drivers.map(({ driver, checks }) => `${chalk.bold(driver)}\n${checksByCinder(checks, cinders, chalk)}`),
    legend(chalk),
    ...cinders.drivers.flatMap(({ driver, checks }) => checks.filter(isTold).map((check) => told(driver, check, chalk))),
  ]
  const end = [
    `${colourOf(status, chalk).bold(`${MARKS[cinders.verdict]} ${cinders.verdict.toUpperCase()}`)}  ${cindersSummary(cinders)}`,
    `  ${cinders.seconds.toFixed(1)} s; seed ${cinders.seed}`,
  ]
  return `${[...parts, end.join('\n')].join('\n\n')}\n`
}

function checksByCinder(checks: readonly CinderCheck[], { cinders }: Cinders, chalk: ChalkInstance): string {
  const names = cinders.map(({ cinder }) => shortName(cinder).slice(0, MOST_NAME))
  const widths = names.map((name) => Math.max(name.length, 6))
  const taken = widths.reduce((sum, width) => sum + width + 1, 0)
  const columns = [
    { name: 'check', width: WIDTH - taken - 2 },
    ...names.map((name, at) => ({ name, width: widths[at] ?? 0 })),
    { name: '', width: 1 },
  ]
  const rows = checks.map(({ id, seen, differs }) => [
    id,
    ...cinders.map(({ cinder }) => {
      const verdict = seen.find((some) => some.cinder === cinder)?.verdict
      return verdict === undefined ? '' : colourOf(verdict, chalk)(MARKS[verdict])
    }),
    differs ? chalk.yellow('≠') : '',
  ])
  return drawTable(columns, rows, chalk)
}

function legend(chalk: ChalkInstance): string {
  const verdicts = Object.entries(MARKS).map(([verdict, mark]) => `${mark} ${verdict}`)
  return chalk.dim([...verdicts, '≠ they differ'].join('   '))
}

/** Whether there is more to say than a mark. */
function isTold({ seen, differs }: CinderCheck): boolean {
  return differs || seen.some(({ verdict }) => verdict === 'refuted' || verdict === 'broken')
}

function told(driver: string, check: CinderCheck, chalk: ChalkInstance): string {
  const head = `${driver} ${chalk.bold(check.id)}${check.differs ? `: ${chalk.yellow('the Cinders differ')}` : ''}`
  const lines = sharedSights(check).flatMap(({ cinders, sight: { verdict, text, repeat } }) => [
    `  ${colourOf(verdict, chalk)(`${MARKS[verdict]} ${verdict}`)} on ${cinders.join(', ')}`,
    ...indent(text),
    ...(verdict === 'refuted' || verdict === 'broken' ? [`    repeat: ${repeat}`] : []),
  ])
  return [head, ...lines].join('\n')
}

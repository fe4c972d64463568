import type { ChalkInstance } from 'chalk'
import wrapAnsi from 'wrap-ansi'
import { printable } from '../../result/describe.ts'
import type { Forecast, ForecastMigration, ForecastVerdict } from '../../result/forecast.ts'
import { plural } from '../../units.ts'
import {
  costTable,
  FORECAST_VERDICTS,
  type ForecastTable,
  forbiddenText,
  fullestPools,
  metadataTable,
  overfillTexts,
  poolTable,
  promisedTable,
} from '../select/forecast.ts'
import { bounds } from '../select/words.ts'
import { chalkFor, drawTable, type TableColumn, WIDTH } from './style.ts'

/** More pools and migrations than this are left to the files. */
const MOST_POOLS = 8
const MOST_MOVED = 8
const POOL_WIDTHS = [18, 8, 8, 13, 14, 14]

/** A forecast as text for a terminal of 80 columns. */
export function forecastReport(forecast: Forecast, colours: boolean): string {
  const chalk = chalkFor(colours)
  const parts = [
    pools(forecast, chalk),
    ...metadata(forecast, chalk),
    ...promised(forecast, chalk),
    ...(forecast.moved.length === 0 ? [] : [volumes(forecast, chalk)]),
    costs(forecast, chalk),
    ...forecast.forbidden.map((one) => wrapped(forbiddenText(one))),
    forecast.assumptions.map((text) => wrapped(text)).join('\n'),
    summary(forecast, chalk),
  ]
  return `${parts.join('\n\n')}\n`
}

function pools(forecast: Forecast, chalk: ChalkInstance): string {
  const chosen = fullestPools(forecast.outcomes, MOST_POOLS)
  const left = forecast.pools.length - chosen.length
  const { columns, rows } = poolTable(forecast, chosen)
  return [
    chalk.bold('Pools, in Data%'),
    drawTable(withWidths(columns, POOL_WIDTHS), textsOf(rows, chalk), chalk),
    ...(left > 0 ? [chalk.dim(`${plural(left, 'more pool')}, less full than these; --out keeps them all`)] : []),
  ].join('\n')
}

function metadata(forecast: Forecast, chalk: ChalkInstance): string[] {
  const { columns, rows } = metadataTable(forecast, fullestPools(forecast.outcomes, MOST_POOLS))
  if (rows.length === 0) return []
  return [
    [chalk.bold('Metadata of thin pools, in Meta%'), drawTable(withWidths(columns, POOL_WIDTHS), textsOf(rows, chalk), chalk)].join('\n'),
  ]
}

function promised(forecast: Forecast, chalk: ChalkInstance): string[] {
  const { columns, rows } = promisedTable(forecast, fullestPools(forecast.outcomes, MOST_POOLS))
  if (rows.length === 0) return []
  const table = drawTable(withWidths(columns, [18, 8, 8, 14, 14, 13]), textsOf(rows, chalk), chalk)
  return [[chalk.bold('Promised: virtual sizes, and their share of the pool'), table].join('\n')]
}

function volumes({ moved, migrations }: Forecast, chalk: ChalkInstance): string {
  const shown = moved.slice(0, MOST_MOVED)
  const share = (one: ForecastMigration['before'], absent: string) => (one === undefined ? absent : bounds(one.dataPercent))
  const rows = shown.map(({ volume, from, to, before, after }) => [
    cut(volume, 14),
    cut(`${cut(from, 9)}>${cut(to, 9)}`, 19),
    share(before, ''),
    ...after.map((one) => share(one.share, 'thick')),
  ])
  const figure = (name: string, width: number) => ({ name, width, right: true })
  const columns = [
    { name: 'volume', width: 14 },
    { name: 'migration', width: 19 },
    ...[figure('before', 11), figure('full', 7), figure('sparse', 12), figure('mapped', 12)],
  ]
  return [
    chalk.bold('Volumes, in Data%'),
    drawTable(columns, rows, chalk),
    ...(migrations > shown.length ? [chalk.dim(plural(migrations - shown.length, 'more migration'))] : []),
  ].join('\n')
}

function costs(forecast: Forecast, chalk: ChalkInstance): string {
  const { columns, rows } = costTable(forecast)
  const widths = columns.length === 4 ? [8, 18, 18, 17] : [8, 19, 19]
  const verdicts = forecast.outcomes.map(({ verdict }) => coloured(verdict, chalk))
  return [
    chalk.bold('What the plan costs'),
    drawTable(
      [...withWidths(columns, widths), { name: '', width: 14 }],
      textsOf(rows, chalk).map((row, index) => [...row, verdicts[index] ?? '']),
      chalk,
    ),
  ].join('\n')
}

function coloured(verdict: ForecastVerdict, chalk: ChalkInstance): string {
  const { mark, word } = FORECAST_VERDICTS[verdict]
  return { fits: chalk.green, 'may-overfill': chalk.yellow, overfills: chalk.red }[verdict](`${mark} ${word}`)
}

function summary(forecast: Forecast, chalk: ChalkInstance): string {
  const { verdict, migrations, volumes, pools } = forecast
  const counts = [plural(migrations, 'migration'), plural(volumes, 'volume'), plural(pools.length, 'pool')].join(', ')
  const overfills = overfillTexts(forecast).map((text) => wrapped(text, '  '))
  return [wrapAnsi(`${coloured(verdict, chalk.bold)}, copied as the rule permits: ${counts}`, WIDTH), ...overfills].join('\n')
}

function withWidths(columns: ForecastTable['columns'], widths: readonly number[]): TableColumn[] {
  return columns.map(({ name, isFigure }, index) => ({ name, width: widths[index] ?? 0, right: isFigure }))
}

/** The first column holds names, which are cut to its width. */
function textsOf(rows: ForecastTable['rows'], chalk: ChalkInstance): string[][] {
  return rows.map((row) =>
    row.map(({ text, isBad }, index) => {
      const fitting = index === 0 ? cut(text, 18) : text
      return isBad ? chalk.red(fitting) : fitting
    }),
  )
}

function cut(text: string, width: number): string {
  const safe = printable(text)
  return safe.length <= width ? safe : `${safe.slice(0, width - 1)}…`
}

function wrapped(text: string, before = ''): string {
  return wrapAnsi(printable(text), WIDTH - before.length)
    .split('\n')
    .map((line) => `${before}${line}`)
    .join('\n')
}

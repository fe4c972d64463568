import { Chalk, type ChalkInstance } from 'chalk'
import Table from 'cli-table3'
import wrapAnsi from 'wrap-ansi'
import { printable } from '../../result/describe.ts'
import type { Amount, Forecast, ForecastMigration, ForecastVerdict, StrategyForecast } from '../../result/forecast.ts'
import { lvmSize } from '../../units.ts'
import { bounds, duration } from '../select/sizes.ts'
import { BORDERLESS } from './tables.ts'

const COLUMNS = 80
/** More pools and volumes than this are left to the files. */
const MOST_POOLS = 8
const MOST_MOVED = 8

/** A forecast as text for a terminal of 80 columns. */
export function forecastReport(forecast: Forecast, colours: boolean): string {
  const chalk = new Chalk({ level: colours ? 1 : 0 })
  const parts = [
    poolTable(forecast, chalk),
    ...(forecast.moved.length === 0 ? [] : [volumeTable(forecast, chalk)]),
    costTable(forecast, chalk),
    ...forecast.forbidden.map((one) => wrapped(forbiddenText(one))),
    forecast.assumptions.map((text) => wrapped(text)).join('\n'),
    summary(forecast, chalk),
  ]
  return `${parts.join('\n\n')}\n`
}

function poolTable({ pools, outcomes }: Forecast, chalk: ChalkInstance): string {
  const chosen = fullest(outcomes).slice(0, MOST_POOLS)
  const rows = chosen.flatMap((index) => {
    const pool = pools[index]
    if (pool === undefined) return []
    return outcomes.flatMap(({ strategy, pools: shares }, row) => {
      const share = shares[index]
      if (share === undefined) return []
      const over = share.peak.bytes.most > pool.sizeBytes
      const peak = bounds(share.peak.dataPercent)
      const name = row === 0 ? cut(pool.name, 18) : ''
      return [
        [
          name,
          row === 0 ? lvmSize(pool.sizeBytes) : '',
          strategy,
          bounds(share.before.dataPercent),
          over ? chalk.red(peak) : peak,
          bounds(share.final.dataPercent),
        ],
      ]
    })
  })
  const left = pools.length - chosen.length
  return [
    chalk.bold('Pools, in Data%'),
    table(['pool', 'size', 'strategy', 'before', 'peak', 'after'], rows, [18, 8, 8, 13, 14, 14], [1, 3, 4, 5], chalk),
    ...(left > 0 ? [chalk.dim(`${left} more pools, less full than these; --out keeps them all`)] : []),
  ].join('\n')
}

/** The pools by how full they get under the strategy that the rule gives, the fullest first; those that nothing changes last. */
export function fullest(outcomes: readonly StrategyForecast[]): number[] {
  const pools = outcomes.find(({ strategy }) => strategy === 'sparse')?.pools ?? []
  const shares = pools.map(({ points, peak }) => ({ changes: points.length > 1, share: Number(peak.dataPercent.most) }))
  const order = pools.map((_, index) => index)
  if (pools.length <= MOST_POOLS) return order
  const key = (index: number) => (shares[index]?.changes ? 1e9 : 0) + (shares[index]?.share ?? 0)
  return order.toSorted((one, other) => key(other) - key(one))
}

function volumeTable({ moved, migrations }: Forecast, chalk: ChalkInstance): string {
  const shown = moved.slice(0, MOST_MOVED)
  const share = (one: ForecastMigration['before'], absent: string) => (one === undefined ? absent : bounds(one.dataPercent))
  const rows = shown.map(({ volume, from, to, before, after }) => [
    cut(volume, 14),
    cut(`${cut(from, 9)}>${cut(to, 9)}`, 19),
    share(before, ''),
    ...after.map((one) => share(one.share, 'thick')),
  ])
  return [
    chalk.bold('Volumes, in Data%'),
    table(['volume', 'migration', 'before', 'full', 'sparse', 'mapped'], rows, [14, 19, 11, 7, 12, 12], [2, 3, 4, 5], chalk),
    ...(migrations > shown.length ? [chalk.dim(`${migrations - shown.length} more migrations`)] : []),
  ].join('\n')
}

function costTable({ outcomes }: Forecast, chalk: ChalkInstance): string {
  const timed = outcomes.some(({ seconds }) => seconds !== undefined)
  const sized = ({ least, most }: Amount) => bounds({ least: lvmSize(least), most: lvmSize(most) })
  const rows = outcomes.map(({ strategy, read, written, seconds, verdict }) => [
    strategy,
    sized(read),
    sized(written),
    ...(timed ? [seconds === undefined ? '' : bounds({ least: duration(seconds.least), most: duration(seconds.most) })] : []),
    coloured(verdict, chalk),
  ])
  return [
    chalk.bold('What the plan costs'),
    timed
      ? table(['strategy', 'read', 'written', 'time', ''], rows, [8, 19, 19, 17, 12], [1, 2, 3], chalk)
      : table(['strategy', 'read', 'written', ''], rows, [8, 19, 19, 14], [1, 2], chalk),
  ].join('\n')
}

const VERDICTS: Readonly<Record<ForecastVerdict, string>> = {
  fits: '✓ fits',
  'may-overfill': '? may not fit',
  overfills: '✗ overfills',
}

function coloured(verdict: ForecastVerdict, chalk: ChalkInstance): string {
  return { fits: chalk.green, 'may-overfill': chalk.yellow, overfills: chalk.red }[verdict](VERDICTS[verdict])
}

export function forbiddenText({ pool, reason, migrations, first }: Forecast['forbidden'][number]): string {
  const which = migrations === 1 ? `the migration of ${first.volume}` : `${migrations} migrations, of ${first.volume} first`
  return `The rule forbids sparse copies to ${pool} (${which}): ${reason}.`
}

function summary({ outcomes, verdict, migrations, volumes, pools }: Forecast, chalk: ChalkInstance): string {
  const counts = `${migrations} ${migrations === 1 ? 'migration' : 'migrations'}, ${volumes} ${volumes === 1 ? 'volume' : 'volumes'}, ${pools.length} ${pools.length === 1 ? 'pool' : 'pools'}`
  const lines = outcomes.flatMap((outcome) => {
    const text = overfillText(outcome)
    return text === undefined ? [] : wrapped(`${outcome.strategy}: ${text}`, '  ')
  })
  return [wrapAnsi(`${coloured(verdict, chalk.bold)}, copied as the rule permits: ${counts}`, COLUMNS), ...lines].join('\n')
}

export function overfillText({ firstCertain, firstPossible }: StrategyForecast): string | undefined {
  const overfill = firstCertain ?? firstPossible
  if (overfill === undefined) return undefined
  const { step, volume, pool, missing } = overfill
  const by = bounds({ least: lvmSize(missing.least), most: lvmSize(missing.most) })
  const earlier =
    firstPossible !== undefined && firstPossible.step < step
      ? `; perhaps ${firstPossible.pool} from ${firstPossible.volume} on (migration ${firstPossible.step})`
      : ''
  return firstCertain === undefined
    ? `${pool} may be too small from ${volume} on (migration ${step}), by up to ${lvmSize(missing.most)}; a map of the volumes would tell`
    : `${pool} is too small from ${volume} on (migration ${step}), by ${by}${earlier}`
}

function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  widths: number[],
  right: readonly number[],
  chalk: ChalkInstance,
): string {
  const drawn = new Table({
    chars: BORDERLESS,
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
    colWidths: widths,
    colAligns: head.map((_, index) => (right.includes(index) ? 'right' : 'left')),
  })
  drawn.push(head.map((text) => chalk.dim(text)))
  drawn.push(...rows.map((row) => [...row]))
  return drawn
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
}

function cut(text: string, width: number): string {
  const safe = printable(text)
  return safe.length <= width ? safe : `${safe.slice(0, width - 1)}…`
}

function wrapped(text: string, indent = ''): string {
  return wrapAnsi(printable(text), COLUMNS - indent.length)
    .split('\n')
    .map((line) => `${indent}${line}`)
    .join('\n')
}

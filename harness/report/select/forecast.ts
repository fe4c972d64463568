import type { Amount, Forecast, ForecastVerdict, StrategyForecast } from '../../result/forecast.ts'
import { lvmSize } from '../../units.ts'
import { bounds, duration } from './words.ts'

/** A table that each reporter draws in its own way. Names come from a fleet file: nothing in it is escaped. */
export interface ForecastTable {
  readonly columns: readonly { readonly name: string; readonly isFigure: boolean }[]
  readonly rows: readonly (readonly ForecastCell[])[]
}
export interface ForecastCell {
  readonly text: string
  /** True if the plan fails here. */
  readonly isBad?: boolean
}

export const FORECAST_VERDICTS: Readonly<
  Record<ForecastVerdict, { readonly mark: string; readonly word: string; readonly sentence: string }>
> = {
  fits: { mark: '✓', word: 'fits', sentence: 'The plan fits' },
  'may-overfill': { mark: '?', word: 'may not fit', sentence: 'The plan may not fit' },
  overfills: { mark: '✗', word: 'does not fit', sentence: 'The plan does not fit' },
}

/** With this many pools or fewer all are shown in the order of the file. */
const FEW_POOLS = 8

/** The pools by how full they get under the strategy that the rule gives, the fullest first; those that nothing changes last. */
export function fullestPools(outcomes: readonly StrategyForecast[], most: number): number[] {
  const pools = outcomes.find(({ strategy }) => strategy === 'sparse')?.pools ?? []
  const shares = pools.map(({ points, peak }) => ({ changes: points.length > 1, share: Number(peak.dataPercent.most) }))
  const order = pools.map((_, index) => index)
  if (pools.length <= FEW_POOLS) return order.slice(0, most)
  const key = (index: number) => (shares[index]?.changes ? 1e9 : 0) + (shares[index]?.share ?? 0)
  return order.toSorted((one, other) => key(other) - key(one)).slice(0, most)
}

/** Each of the pools `chosen`, given by their indices, under each strategy. */
export function poolTable({ pools, outcomes }: Forecast, chosen: readonly number[]): ForecastTable {
  const rows = chosen.flatMap((index) =>
    outcomes.flatMap(({ strategy, pools: shares }, row): ForecastCell[][] => {
      const [pool, share] = [pools[index], shares[index]]
      if (pool === undefined || share === undefined) return []
      return [
        [
          { text: row === 0 ? pool.name : '' },
          { text: row === 0 ? lvmSize(pool.sizeBytes) : '' },
          { text: strategy },
          { text: bounds(share.before.dataPercent) },
          { text: bounds(share.peak.dataPercent), isBad: share.peak.bytes.most > pool.sizeBytes - pool.reserveBytes },
          { text: bounds(share.final.dataPercent) },
        ],
      ]
    }),
  )
  return { columns: columnsOf(['pool', 'size', 'strategy', 'before', 'peak', 'after']), rows }
}

/** The metadata of the pools `chosen` under each strategy, where it is known. */
export function metadataTable({ pools, outcomes }: Forecast, chosen: readonly number[]): ForecastTable {
  const rows = chosen.flatMap((index) =>
    outcomes.flatMap(({ strategy, pools: shares, firstPossible }, row): ForecastCell[][] => {
      const [pool, share] = [pools[index], shares[index]?.metadata]
      if (pool?.metadata === undefined || share === undefined) return []
      const isBad = firstPossible?.limit === 'metadata' && firstPossible.pool === pool.name
      return [
        [
          { text: row === 0 ? pool.name : '' },
          { text: row === 0 ? lvmSize(pool.metadata.sizeBytes) : '' },
          { text: strategy },
          { text: bounds(share.before.metaPercent) },
          { text: bounds(share.peak.metaPercent), isBad },
          { text: bounds(share.final.metaPercent) },
        ],
      ]
    }),
  )
  return { columns: columnsOf(['pool', 'size', 'strategy', 'before', 'peak', 'after']), rows }
}

/** The virtual sizes that the pools `chosen` have promised, of what they have. A thick pool promises only what it has. */
export function promisedTable({ pools }: Forecast, chosen: readonly number[]): ForecastTable {
  const rows = chosen.flatMap((index): ForecastCell[][] => {
    const pool = pools[index]
    if (pool === undefined || pool.kind === 'thick') return []
    const { name, sizeBytes, reserveBytes, promised } = pool
    const share = (bytes: number) => ({ text: `${lvmSize(bytes)} ${Math.round((100 * bytes) / sizeBytes)}%` })
    const reserve = { text: reserveBytes === 0 ? '-' : lvmSize(reserveBytes) }
    return [[{ text: name }, { text: lvmSize(sizeBytes) }, reserve, share(promised.before), share(promised.peak), share(promised.after)]]
  })
  return { columns: columnsOf(['pool', 'size', 'reserve', 'before', 'peak', 'after']), rows }
}

/** The bytes that each strategy reads and writes and, if the file gives bandwidths, its time. */
export function costTable({ outcomes }: Forecast): ForecastTable {
  const timed = outcomes.some(({ seconds }) => seconds !== undefined)
  const sized = ({ least, most }: Amount) => bounds({ least: lvmSize(least), most: lvmSize(most) })
  const time = ({ seconds }: StrategyForecast) =>
    seconds === undefined ? '' : bounds({ least: duration(seconds.least), most: duration(seconds.most) })
  const rows = outcomes.map((outcome) =>
    [outcome.strategy, sized(outcome.read), sized(outcome.written), ...(timed ? [time(outcome)] : [])].map((text) => ({ text })),
  )
  return { columns: columnsOf(['strategy', 'read', 'written', ...(timed ? ['time'] : [])]), rows }
}

function columnsOf(names: readonly string[]): ForecastTable['columns'] {
  return names.map((name) => ({ name, isFigure: name !== 'pool' && name !== 'strategy' }))
}

export function forbiddenText({ pool, reason, migrations, first }: Forecast['forbidden'][number]): string {
  const which = migrations === 1 ? `the migration of ${first.volume}` : `${migrations} migrations, of ${first.volume} first`
  return `The rule forbids sparse copies to ${pool} (${which}): ${reason}.`
}

/** For each strategy that may overfill a pool, the first migration that does. */
export function overfillTexts({ pools, outcomes }: Forecast): string[] {
  const byName = new Map(pools.map((pool) => [pool.name, pool]))
  return outcomes.flatMap((outcome) => {
    const text = overfillText(outcome, byName)
    return text === undefined ? [] : [`${outcome.strategy}: ${text}`]
  })
}

function overfillText(
  { firstCertain, firstPossible }: StrategyForecast,
  pools: ReadonlyMap<string, Forecast['pools'][number]>,
): string | undefined {
  const overfill = firstCertain ?? firstPossible
  if (overfill === undefined) return undefined
  const { step, volume, pool, limit, missing } = overfill
  const by = bounds({ least: lvmSize(missing.least), most: lvmSize(missing.most) })
  const earlier =
    firstPossible !== undefined && firstPossible.step < step
      ? `; perhaps ${firstPossible.pool} from ${firstPossible.volume} on (migration ${firstPossible.step})`
      : ''
  const certain = firstCertain !== undefined
  const { reserveBytes = 0, metadata } = pools.get(pool) ?? {}
  const small = certain ? 'is too small' : 'may be too small'
  const fault = {
    size: `${pool} ${small}`,
    reserve: `${pool} ${certain ? 'does' : 'may'} not keep its reserve of ${lvmSize(reserveBytes)} free`,
    metadata: `the metadata of ${pool} ${small}`,
  }[limit]
  const from = `${fault} from ${volume} on (migration ${step})`
  if (limit === 'metadata') {
    const why = `LVM creates no more volumes in it from ${metadata?.refusedFrom ?? ''} Meta% on. Extend it with lvextend --poolmetadatasize`
    return `${from}, by ${certain ? by : `up to ${lvmSize(missing.most)}`}${earlier}: ${why}`
  }
  return certain ? `${from}, by ${by}${earlier}` : `${from}, by up to ${lvmSize(missing.most)}; a map of the volumes would tell`
}

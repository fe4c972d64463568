import {
  type Forecast,
  forecastSchema,
  type Share,
  type StrategyForecast,
  type StrategyName,
  strategyNames,
} from '../../harness/result/forecast.ts'
import { GiB, MiB } from '../../harness/units.ts'

const POOL_BYTES = 4 * GiB

const share = (least: number, most = least, total = POOL_BYTES): Share => ({
  bytes: { least: (least * total) / 100, most: (most * total) / 100 },
  dataPercent: { least: least.toFixed(2), most: most.toFixed(2) },
})

/** For tests: what a strategy comes to in the example. */
export function exampleOutcome(strategy: StrategyName, more: Partial<StrategyForecast> = {}): StrategyForecast {
  const written = {
    full: { least: GiB, most: GiB },
    sparse: { least: 200 * MiB, most: GiB },
    mapped: { least: 200 * MiB, most: 200 * MiB },
  }
  const point = (step: number, percent: number) => {
    const used = (percent * POOL_BYTES) / 100
    return { step, least: used, most: used, peak: used }
  }
  return {
    strategy,
    verdict: 'fits',
    read: { least: GiB, most: GiB },
    written: written[strategy],
    pools: [
      { pool: 'source', before: share(10), peak: share(10), peakStep: 0, final: share(5), points: [point(0, 10), point(1, 5)] },
      { pool: 'target', before: share(5), peak: share(31), peakStep: 1, final: share(30), points: [point(0, 5), point(1, 30)] },
    ],
    ...more,
  }
}

/** For tests: a forecast of one migration, which passes the schema. */
export function exampleForecast(more: Partial<Forecast> = {}): Forecast {
  const pool = {
    kind: 'thin' as const,
    sizeBytes: POOL_BYTES,
    grainBytes: 65536,
    sparse: true,
    reason: 'it claims',
    reserveBytes: 0,
    promised: { before: GiB, peak: 12 * GiB, after: GiB },
  }
  const volume = (least: number, most = least) => share(least, most, GiB)
  return forecastSchema.parse({
    schema: 'holeproof-forecast-1',
    version: '0.0.0',
    verdict: 'fits',
    volumes: 2,
    migrations: 1,
    pools: [
      { ...pool, name: 'source' },
      { ...pool, name: 'target' },
    ],
    forbidden: [],
    outcomes: strategyNames.map((strategy) => exampleOutcome(strategy)),
    moved: [
      {
        step: 1,
        volume: 'volume-1',
        from: 'source',
        to: 'target',
        sizeBytes: GiB,
        blockBytes: MiB,
        sparse: true,
        before: volume(19.53),
        after: [
          { strategy: 'full', written: { least: GiB, most: GiB }, share: volume(100) },
          { strategy: 'sparse', written: { least: 200 * MiB, most: GiB }, share: volume(19.53, 60) },
          { strategy: 'mapped', written: { least: 200 * MiB, most: 200 * MiB }, share: volume(19.53) },
        ],
      },
    ],
    assumptions: ['Nobody writes meanwhile.'],
    ...more,
  })
}

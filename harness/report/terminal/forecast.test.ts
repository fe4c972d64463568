import { describe, expect, test } from 'vitest'
import { exampleForecast, exampleOutcome } from '../../../tests/support/example_forecast.ts'
import { GiB, lvmSize } from '../../units.ts'
import { forecastPage } from '../html/forecast_page.ts'
import { duration } from '../select/words.ts'
import { forecastReport } from './forecast.ts'

const missing = { least: 0, most: 3 * GiB }

describe('a forecast in the terminal', () => {
  test('shows what every pool holds under each strategy, and ends with the verdict', () => {
    const text = forecastReport(exampleForecast(), false)

    expect(text).toMatch(/^target +4\.00g full +5\.00 +31\.00 +30\.00$/m)
    expect(text).toMatch(/^volume-1 +source>target +19\.53 +100\.00 +19\.53-60\.00 +19\.53$/m)
    expect(text).toMatch(/^sparse +1\.00g +200\.00m-1\.00g ✓ fits$/m)
    expect(text.trim().split('\n').at(-1)).toBe('✓ fits, copied as the rule permits: 1 migration, 2 volumes, 2 pools')
  })

  test('says which volume overfills which pool, and which may', () => {
    const limit = 'size' as const
    const certain = { step: 2, volume: 'mail', pool: 'target', limit, missing: { least: GiB, most: GiB } }
    const possible = { step: 1, volume: 'logs', pool: 'target', limit, missing }
    const text = (more: object) =>
      forecastReport(exampleForecast({ outcomes: [exampleOutcome('sparse', more)] }), false).replaceAll(/\s+/g, ' ')

    expect(text({ verdict: 'overfills', firstCertain: certain, firstPossible: possible })).toContain(
      'sparse: target is too small from mail on (migration 2), by 1.00g; perhaps target from logs on (migration 1)',
    )
    expect(text({ verdict: 'may-overfill', firstPossible: possible })).toContain(
      'target may be too small from logs on (migration 1), by up to 3.00g',
    )
  })

  test('says what each pool has promised of its size', () => {
    expect(forecastReport(exampleForecast(), false)).toMatch(/^target +4\.00g +- +1\.00g 25% +12\.00g 300% +1\.00g 25%$/m)
  })

  test('says which volume takes the reserve of a pool', () => {
    const pools = exampleForecast().pools.map((pool) => ({ ...pool, reserveBytes: GiB }))
    const certain = { step: 1, volume: 'mail', pool: 'target', limit: 'reserve' as const, missing: { least: GiB, most: GiB } }
    const text = (more: object) =>
      forecastReport(exampleForecast({ pools, outcomes: [exampleOutcome('sparse', more)] }), false).replaceAll(/\s+/g, ' ')

    expect(text({ verdict: 'overfills', firstCertain: certain, firstPossible: certain })).toContain(
      'sparse: target does not keep its reserve of 1.00g free from mail on (migration 1), by 1.00g',
    )
    expect(text({ verdict: 'may-overfill', firstPossible: certain })).toContain(
      'target may not keep its reserve of 1.00g free from mail on',
    )
  })

  test('shows the metadata of pools, and which volume takes too much of it', () => {
    const pools = exampleForecast().pools.map((pool) => ({ ...pool, metadata: { sizeBytes: 2 ** 21, refusedFrom: '75.00' } }))
    const share = { bytes: { least: 4096, most: 8192 }, metaPercent: { least: '77.34', most: '77.54' } }
    const outcome = exampleOutcome('sparse', {
      verdict: 'overfills',
      firstCertain: { step: 1, volume: 'mail', pool: 'target', limit: 'metadata', missing: { least: 4096, most: 8192 } },
    })
    const shares = outcome.pools.map((pool) => ({ ...pool, metadata: { before: share, peak: share, final: share, points: [] } }))
    const text = forecastReport(exampleForecast({ pools, outcomes: [{ ...outcome, pools: shares }] }), false)

    expect(text).toMatch(/^target +2\.00m sparse +77\.34-77\.54 +77\.34-77\.54 +77\.34-77\.54$/m)
    expect(text.replaceAll(/\s+/g, ' ')).toContain(
      'sparse: the metadata of target is too small from mail on (migration 1), by 4.00k-8.00k: LVM creates no more volumes in it from 75.00 Meta% on.',
    )
    expect(forecastPage(exampleForecast({ pools, outcomes: [{ ...outcome, pools: shares }] }))).toContain(
      'Metadata of thin pools, in Meta%',
    )
  })

  test('says which migrations the rule forbids to be sparse, and why', () => {
    const forbidden = [{ pool: 'target', reason: 'its claim is "True", not a boolean', migrations: 3, first: { step: 2, volume: 'mail' } }]

    expect(forecastReport(exampleForecast({ forbidden }), false).replaceAll(/\s+/g, ' ')).toContain(
      'The rule forbids sparse copies to target (3 migrations, of mail first): its claim is "True", not a boolean.',
    )
  })

  test('keeps within 80 columns and steers no terminal, whatever the names', () => {
    const name = `${'a long name '.repeat(10)}\u001b[31m`
    const moved = exampleForecast().moved.map((one) => ({ ...one, volume: name, from: name, to: name }))
    const pools = exampleForecast().pools.map((pool) => ({ ...pool, name }))
    const forbidden = [{ pool: name, reason: name, migrations: 1, first: { step: 1, volume: name } }]
    const text = forecastReport(exampleForecast({ moved, pools, forbidden, migrations: 1_000_000, volumes: 1_000_000 }), false)

    expect(text).not.toContain('\u001b')
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
  })

  test('has no colours unless they are wanted', () => {
    expect(forecastReport(exampleForecast(), true)).toContain('\u001b[')
    expect(forecastReport(exampleForecast(), false)).not.toContain('\u001b[')
  })

  test('of many pools shows the fullest of those that change', () => {
    const [pool = exampleForecast().pools[0]] = exampleForecast().pools
    const base = exampleOutcome('sparse')
    const [share] = base.pools
    if (pool === undefined || share === undefined) throw new Error('the example has a pool')
    const numbers = Array.from({ length: 30 }, (_, index) => index)
    const outcome = {
      ...base,
      pools: numbers.map((index) => ({ ...share, peak: { ...share.peak, dataPercent: { least: '0.00', most: `${index}.00` } } })),
    }
    const text = forecastReport(
      exampleForecast({ pools: numbers.map((index) => ({ ...pool, name: `pool-${index}` })), outcomes: [outcome] }),
      false,
    )

    expect(text).toContain('pool-29')
    expect(text).not.toContain('pool-21 ')
    expect(text).toContain('22 more pools')
  })
})

test.each([
  [0, '0b'],
  [1023, '1023b'],
  [1024, '1.00k'],
  [1024 ** 3, '1.00g'],
  [3892 * 1024 ** 2, '3.80g'],
  [2 ** 63, '8.00e'],
])('%i bytes are %s as lvs writes them', (bytes, text) => {
  expect(lvmSize(bytes)).toBe(text)
})

test.each([
  [0.25, '0.3 s'],
  [47, '47 s'],
  [600, '10 min'],
  [7200, '2.0 h'],
  [86_400 * 5, '5.0 days'],
])('%f seconds are %s', (seconds, text) => {
  expect(duration(seconds)).toBe(text)
})

import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { StrategyForecast, StrategyName } from '../result/forecast.ts'
import { MiB } from '../units.ts'
import { bytesOf } from './copies.ts'
import { readFleet } from './fleet.ts'
import type { FleetFile } from './fleet_file.ts'
import { type FleetForecast, forecast, type Permission } from './forecast.ts'

const permit = (claims: unknown): Permission => ({ sparse: claims === true, reason: `it answers ${claims}` })
const forecastOf = (file: unknown) => forecast(readFleet(file, 'f'), permit)

const of = ({ outcomes }: FleetForecast, strategy: StrategyName): StrategyForecast => {
  const found = outcomes.find((outcome) => outcome.strategy === strategy)
  if (found === undefined) throw new Error(`no outcome of ${strategy}`)
  return found
}

const pool = (name: string, more: object = {}) => ({ name, kind: 'thin' as const, size: 1000 * MiB, claims: true as unknown, ...more })
const volume = (name: string, more: object = {}) => ({ name, pool: 'a', size: 100 * MiB, mapped: 10 * MiB, ...more })

describe("the spec's own example", () => {
  const file = JSON.parse(readFileSync(new URL('../../examples/spec.fleet.json', import.meta.url), 'utf8'))
  const result = forecastOf(file)

  test.each([
    ['full', '31.45', '100.00'],
    ['sparse', '10.28', '19.53'],
    ['mapped', '10.28', '19.53'],
  ] as const)('comes out as its table under the strategy %s', (strategy, ofPool, ofVolume) => {
    const [source, destination] = of(result, strategy).pools
    const [moved] = result.moved
    const after = moved?.after.find((one) => one.strategy === strategy)

    expect(source?.before.dataPercent).toEqual({ least: '10.28', most: '10.28' })
    expect(moved?.before?.dataPercent).toEqual({ least: '19.53', most: '19.53' })
    expect(destination?.final.dataPercent).toEqual({ least: ofPool, most: ofPool })
    expect(after?.share?.dataPercent).toEqual({ least: ofVolume, most: ofVolume })
    expect(source?.final.dataPercent).toEqual({ least: '5.14', most: '5.14' })
  })
})

describe('the rule', () => {
  test.each([true, false, 'True', 1, null, undefined, { default: true }])('decides by the claim %j', (claims) => {
    const result = forecastOf({ pools: [pool('a'), pool('b', { claims })], volumes: [volume('v')], migrations: [{ volume: 'v', to: 'b' }] })
    const written = of(result, 'sparse').written.least

    expect(written === 100 * MiB).toBe(claims !== true)
    expect(result.forbidden).toEqual(
      claims === true ? [] : [{ pool: 'b', reason: `it answers ${claims}`, migrations: 1, first: { step: 1, volume: 'v' } }],
    )
  })

  test('makes a mapped copy write all too, but read only what is mapped', () => {
    const result = forecastOf({
      pools: [pool('a'), pool('b', { claims: 1 })],
      volumes: [volume('v')],
      migrations: [{ volume: 'v', to: 'b' }],
    })

    expect(of(result, 'mapped')).toMatchObject({ read: { least: 10 * MiB, most: 10 * MiB }, written: { least: 100 * MiB } })
  })
})

describe('a plan', () => {
  test('that overfills a pool names the first volume that does it, and by how much', () => {
    const volumes = ['v', 'w', 'x'].map((name) => volume(name))
    const file = {
      pools: [pool('a'), pool('b', { size: 128 * MiB })],
      volumes,
      migrations: volumes.map(({ name }) => ({ volume: name, to: 'b' })),
    }
    const result = forecastOf(file)

    expect(of(result, 'full')).toMatchObject({
      verdict: 'overfills',
      firstCertain: { step: 2, volume: 'w', pool: 'b', missing: { least: 72 * MiB, most: 72 * MiB } },
    })
    expect(of(result, 'mapped')).toMatchObject({ verdict: 'fits' })
    expect(of(result, 'mapped').firstPossible).toBeUndefined()
  })

  test('that may overfill a pool, depending on where the data lies, says so', () => {
    const file = { pools: [pool('a'), pool('b', { size: 64 * MiB })], volumes: [volume('v')], migrations: [{ volume: 'v', to: 'b' }] }
    const sparse = of(forecastOf(file), 'sparse')

    expect(sparse).toMatchObject({ verdict: 'may-overfill', firstPossible: { volume: 'v', missing: { least: 0, most: 36 * MiB } } })
    expect(sparse.firstCertain).toBeUndefined()
  })

  test('that just fills a pool fits', () => {
    const file = { pools: [pool('a'), pool('b', { size: 100 * MiB })], volumes: [volume('v')], migrations: [{ volume: 'v', to: 'b' }] }

    expect(of(forecastOf(file), 'full')).toMatchObject({ verdict: 'fits' })
    expect(of(forecastOf(file), 'full').pools[1]?.peak.dataPercent.most).toBe('100.00')
  })

  test.each([
    ['a pool', { reserve: '10%' }, {}],
    ['the file', {}, { reserve: '20MiB' }],
    ['a pool, whatever the file gives', { reserve: 20 * MiB }, { reserve: '90%' }],
  ])('does not fit if it takes the reserve of %s', (_, own, common) => {
    const migrations = [{ volume: 'v', to: 'b' }]
    const plan = (size: number) => ({ pools: [pool('a'), pool('b', { size, ...own })], volumes: [volume('v')], migrations, ...common })

    expect(of(forecastOf(plan(200 * MiB)), 'full').verdict).toBe('fits')
    expect(of(forecastOf(plan(110 * MiB)), 'full')).toMatchObject({
      verdict: 'overfills',
      firstCertain: { step: 1, volume: 'v', pool: 'b', limit: 'reserve' },
    })
    expect(of(forecastOf(plan(110 * MiB)), 'mapped').verdict).toBe('fits')
  })

  test('that is larger than a pool with a reserve is refused by the size of the pool', () => {
    const migrations = [{ volume: 'v', to: 'b' }]
    const plan = { pools: [pool('a'), pool('b', { size: 64 * MiB, reserve: '50%' })], volumes: [volume('v')], migrations }

    expect(of(forecastOf(plan), 'full').firstCertain).toMatchObject({ limit: 'size', missing: { least: 36 * MiB, most: 36 * MiB } })
  })

  test('promises the size of a volume to both pools during its copy', () => {
    const volumes = [volume('v'), volume('w', { pool: 'b', size: 3000 * MiB })]
    const migrations = [
      { volume: 'v', to: 'b' },
      { volume: 'w', to: 'a' },
      { volume: 'v', to: 'a' },
    ]

    expect(forecastOf({ pools: [pool('a'), pool('b')], volumes, migrations }).pools).toMatchObject([
      { promised: { before: 100 * MiB, peak: 3100 * MiB, after: 3100 * MiB } },
      { promised: { before: 3000 * MiB, peak: 3100 * MiB, after: 0 } },
    ])
  })

  test('gives the source up only after the copy: a swap of two full pools does not fit', () => {
    const volumes = [volume('v', { mapped: 100 * MiB }), volume('w', { pool: 'b', mapped: 100 * MiB })]
    const pools = [pool('a', { size: 100 * MiB }), pool('b', { size: 100 * MiB })]
    const swap = [
      { volume: 'v', to: 'b' },
      { volume: 'w', to: 'a' },
    ]

    expect(of(forecastOf({ pools, volumes, migrations: swap }), 'sparse')).toMatchObject({
      verdict: 'overfills',
      firstCertain: { step: 1, volume: 'v', pool: 'b', missing: { least: 100 * MiB } },
    })
  })

  test('leaves in a pool what snapshots share', () => {
    const file = { pools: [pool('a'), pool('b')], volumes: [volume('v', { shared: 4 * MiB })], migrations: [{ volume: 'v', to: 'b' }] }

    expect(of(forecastOf({ ...file, pools: [pool('a', { used: 4 * MiB }), pool('b')] }), 'full').pools[0]?.final.bytes.least).toBe(4 * MiB)
  })

  test('that takes the metadata of a pool past what LVM asks for does not fit, though its data does', () => {
    const plan = (metadataPercent: number, size: number) => ({
      pools: [pool('a'), pool('b', { metadataSize: 2 * MiB, metadataPercent })],
      volumes: [volume('v', { size: 100 * MiB, mapped: 10 * MiB })],
      migrations: [{ volume: 'v', to: 'b' }].slice(0, size),
    })
    // LVM refuses from 384 of 512 blocks on: 74.80 is 383, and a tree for 160 chunks takes one more.
    expect(of(forecastOf(plan(74.61, 1)), 'mapped').verdict).toBe('fits')
    expect(of(forecastOf(plan(74.8, 1)), 'mapped')).toMatchObject({
      verdict: 'overfills',
      firstCertain: { step: 1, volume: 'v', pool: 'b', limit: 'metadata', missing: { least: 4096, most: 4096 } },
    })
    expect(of(forecastOf(plan(78, 0)), 'mapped').verdict).toBe('fits')
  })

  test('that may take the metadata of a pool past it, depending on how the trees grow, says so', () => {
    const pools = [pool('a'), pool('b', { metadataSize: 2 * MiB, metadataPercent: 74.02 })]
    const volumes = [volume('v', { extents: [[0, 40 * MiB]], mapped: undefined })]
    const mapped = of(forecastOf({ pools, volumes, migrations: [{ volume: 'v', to: 'b' }] }), 'mapped')

    // 640 chunks: 3 nodes and a root, or 5 and a root.
    expect(mapped).toMatchObject({ verdict: 'may-overfill', firstPossible: { limit: 'metadata', missing: { least: 0, most: 2 * 4096 } } })
    expect(mapped.pools[1]?.metadata).toMatchObject({
      before: { metaPercent: { least: '74.02' } },
      final: { metaPercent: { least: '74.80', most: '75.20' } },
    })
  })

  test('gives metadata back with a source, and takes back what a volume took on its way', () => {
    const metadata = { metadataSize: 2 * MiB, metadataPercent: 20.12 }
    const migrations = [
      { volume: 'v', to: 'b' },
      { volume: 'v', to: 'c' },
    ]
    const volumes = [volume('v', { shared: 5 * MiB })]
    const pools = [pool('a', { ...metadata, used: 5 * MiB }), pool('b', metadata), pool('c')]
    const [a, b, c] = of(forecastOf({ pools, volumes, migrations }), 'full').pools

    // 1600 chunks: 7 full nodes and a root. Of 160 a snapshot may keep all.
    expect(b?.metadata?.final).toEqual(b?.metadata?.before)
    expect(b?.metadata?.peak.metaPercent).toEqual({ least: '21.68', most: '22.66' })
    expect(a?.metadata?.final.metaPercent).toEqual({ least: '19.73', most: '20.12' })
    expect(c?.metadata).toBeUndefined()
    const at = (step: number, least: number, most: number) => ({ step, least: least * 4096, most: most * 4096, peak: most * 4096 })
    expect(b?.metadata?.points).toEqual([at(0, 103, 103), at(1, 111, 116), at(2, 103, 103)])
  })

  test('has a time where there are bandwidths: the slower side decides', () => {
    const pools = [pool('a', { bandwidth: 50 * MiB }), pool('b', { bandwidth: 20 * MiB }), pool('c')]
    const migrations = [
      { volume: 'v', to: 'b' },
      { volume: 'v', to: 'c' },
    ]
    const result = forecastOf({ pools, volumes: [volume('v', { extents: [[0, 10 * MiB]], mapped: undefined })], migrations })

    expect(of(result, 'full').seconds).toEqual({ least: 10, most: 10 })
    expect(of(result, 'mapped').seconds).toEqual({ least: 1, most: 1 })
    expect(of(result, 'sparse').seconds).toEqual({ least: 7, most: 7 })
    expect(of(result, 'full').pools[1]?.points.map(({ seconds }) => seconds)).toEqual([0, 5, 10])
  })

  test('has no time without bandwidths', () => {
    expect(of(forecastOf({ pools: [pool('a')], volumes: [] }), 'full').seconds).toBeUndefined()
  })

  test('of many migrations keeps a bounded number of points, and the peak between them', () => {
    const volumes = Array.from({ length: 5000 }, (_, index) => volume(`v${index}`, { size: MiB, mapped: MiB }))
    const there = volumes.map(({ name }) => ({ volume: name, to: 'b' }))
    const back = volumes.map(({ name }) => ({ volume: name, to: 'a' }))
    const result = forecastOf({
      pools: [pool('a', { size: 9000 * MiB }), pool('b', { size: 9000 * MiB })],
      volumes,
      migrations: [...there, ...back],
    })
    const [, b] = of(result, 'sparse').pools

    expect(b?.points.length).toBeLessThanOrEqual(2002)
    expect(b?.peak.bytes.most).toBe(5000 * MiB)
    expect(b?.peakStep).toBe(5000)
    expect(Math.max(...(b?.points ?? []).map(({ peak }) => peak))).toBe(5000 * MiB)
    expect(b?.points.at(-1)).toMatchObject({ step: 10000, least: 0, most: 0 })
  })

  test('says of how many volumes it does not know where the data lies', () => {
    const volumes = [
      volume('v'),
      volume('w', { mapped: undefined, extents: [] }),
      volume('x', { mapped: 0 }),
      volume('y', { mapped: 100 * MiB }),
    ]
    const migrations = volumes.map(({ name }) => ({ volume: name, to: 'b' }))

    expect(forecastOf({ pools: [pool('a'), pool('b')], volumes, migrations }).assumptions.join(' ')).toContain('For 1 volume to migrate')
    expect(forecastOf({ pools: [pool('a'), pool('b')], volumes, migrations: migrations.slice(1) }).assumptions.join(' ')).not.toContain(
      'For ',
    )
  })
})

/** Fleets of thin and file pools with roomy volumes whose data is anywhere; each is migrated `times` at most. */
const fleets = (times: number): fc.Arbitrary<FleetFile> =>
  fc
    .record({
      chunks: fc.array(fc.constantFrom(64, 128, 192, 1024), { minLength: 2, maxLength: 4 }),
      claims: fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
      volumes: fc.array(
        fc.record({
          pool: fc.nat(),
          size: fc.integer({ min: 1, max: 4 * 1024 }),
          extents: fc.array(fc.tuple(fc.nat(4 * 1024), fc.integer({ min: 1, max: 300 })), { maxLength: 6 }),
          mappedOnly: fc.boolean(),
        }),
        { minLength: 1, maxLength: 6 },
      ),
      hops: fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 3 })), { maxLength: 6 * times }),
      block: fc.constantFrom(4, 64, 100, 1024),
    })
    .map(({ chunks, claims, volumes, hops, block }) => {
      const places = volumes.map(({ pool }) => pool % chunks.length)
      const moved = volumes.map(() => 0)
      return {
        blockSize: block * 1024,
        pools: chunks.map((chunk, index) => ({
          name: `p${index}`,
          kind: 'thin' as const,
          size: 1024 ** 3,
          chunk: chunk * 1024,
          claims: claims[index] ?? false,
          used: 10 * MiB,
        })),
        volumes: volumes.map(({ size, extents, mappedOnly }, index) => {
          const common = { name: `v${index}`, pool: `p${places[index]}`, size: size * 1024 }
          let end = 0
          const list = extents
            .toSorted(([one], [other]) => one - other)
            .flatMap(([offset, length]) => {
              const from = Math.max(offset, end)
              const to = Math.min(offset + length, size)
              if (from >= to) return []
              end = to
              return [[from * 1024, (to - from) * 1024]]
            })
          return mappedOnly
            ? {
                ...common,
                mapped: Math.min(
                  list.reduce((sum, [, length]) => sum + (length ?? 0), 0),
                  size * 1024,
                ),
              }
            : { ...common, extents: list }
        }),
        migrations: hops.flatMap(([pick, hop]) => {
          const index = pick % volumes.length
          const to = ((places[index] ?? 0) + hop) % chunks.length
          if ((moved[index] ?? 0) >= times || to === places[index]) return []
          moved[index] = (moved[index] ?? 0) + 1
          places[index] = to
          return [{ volume: `v${index}`, to: `p${to}` }]
        }),
      }
    })

describe('of any plan', () => {
  test('the bounds are bounds, no pool is ever below zero, and nothing is lost', () => {
    fc.assert(
      fc.property(fleets(3), (file) => {
        const result = forecastOf(file)
        for (const { read, written, pools } of result.outcomes) {
          for (const { least, most } of [read, written]) expect(least).toBeLessThanOrEqual(most)
          for (const { before, peak, final, points } of pools) {
            for (const { least, most } of [before.bytes, peak.bytes, final.bytes, ...points]) {
              expect(least).toBeGreaterThanOrEqual(0)
              expect(least).toBeLessThanOrEqual(most)
            }
            expect(peak.bytes.most).toBe(Math.max(...points.map(({ most }) => most)))
          }
        }
      }),
    )
  })

  test('what the pools hold in the end is what others use and what each volume was left with', () => {
    fc.assert(
      fc.property(fleets(3), (file) => {
        const fleet = readFleet(file, 'f')
        const result = forecast(fleet, permit)
        for (const outcome of result.outcomes) {
          const left = fleet.volumes.map(({ content }) => bytesOf(content))
          for (const { volume: name, after } of result.moved) {
            const share = after.find(({ strategy }) => strategy === outcome.strategy)?.share
            if (share !== undefined) left[Number(name.slice(1))] = share.bytes
          }
          const others =
            outcome.pools.reduce((sum, { before }) => sum + before.bytes.most, 0) - total(fleet.volumes.map(({ frees }) => frees.most))

          expect(outcome.pools.reduce((sum, { final }) => sum + final.bytes.most, 0)).toBe(others + total(left.map(({ most }) => most)))
          expect(outcome.pools.reduce((sum, { final }) => sum + final.bytes.least, 0)).toBe(others + total(left.map(({ least }) => least)))
        }
      }),
    )
  })

  test('in which each volume goes once, full writes no less than sparse, and sparse no less than mapped', () => {
    fc.assert(
      fc.property(fleets(1), (file) => {
        const result = forecastOf(file)
        const [full, sparse, mapped] = (['full', 'sparse', 'mapped'] as const).map((strategy) => of(result, strategy))
        for (const bound of ['least', 'most'] as const) {
          expect(full?.written[bound]).toBeGreaterThanOrEqual(sparse?.written[bound] ?? Number.NaN)
          expect(sparse?.written[bound]).toBeGreaterThanOrEqual(mapped?.written[bound] ?? Number.NaN)
          expect(sparse?.read[bound]).toBeGreaterThanOrEqual(mapped?.read[bound] ?? Number.NaN)
        }
      }),
    )
  })
})

function total(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0)
}

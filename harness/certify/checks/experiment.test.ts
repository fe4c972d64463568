import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Difference } from '../../result/bytes.ts'
import { MiB, sizeText } from '../../units.ts'
import {
  type Case,
  describeCase,
  type Experiment,
  firstStale,
  keyOf,
  type Least,
  type MigrationCase,
  PLAIN_PARTNER,
  type Reading,
  simplerThan,
} from './experiment.ts'

const GiB = 1024 * MiB
const SECTOR = 512
const least: Least = { stepBytes: 1, volumeBytes: 8 * MiB }
const plain: Experiment = { kind: 'new', reused: false, volumes: 1, sizeBytes: 8 * MiB, writes: [] }
const sector = { offset: 4096, length: SECTOR }
const migration: MigrationCase = {
  kind: 'migration',
  peer: 'nfs',
  direction: 'in',
  method: 'driver',
  sizeBytes: 16 * MiB,
  writes: [sector, { offset: 2 * MiB, length: MiB }],
}

const anyWrites = fc
  .array(fc.record({ offset: fc.nat(4096), length: fc.integer({ min: 1, max: 2048 }) }), { maxLength: 5 })
  .map((writes) => writes.map(({ offset, length }) => ({ offset: offset * SECTOR, length: length * SECTOR })))
/** A driver's sizes, and a case whose own sizes suit the driver. */
const anyExperiment = withLeast(({ stepBytes }) =>
  fc
    .record({
      reused: fc.boolean(),
      volumes: fc.integer({ min: 1, max: 6 }),
      size: fc.integer({ min: 1, max: 64 * MiB }),
      added: fc.option(fc.integer({ min: 1, max: 64 * MiB }), { nil: undefined }),
      writes: anyWrites,
    })
    .map(({ reused, volumes, size, added, writes }): Experiment => {
      const sizeBytes = roundUp(size, stepBytes)
      const extended = added === undefined ? {} : { extendedTo: sizeBytes + roundUp(added, stepBytes) }
      return { kind: 'new', reused, volumes, sizeBytes, writes, ...extended }
    }),
)
const anyMigration = withLeast(({ stepBytes }) =>
  fc
    .record({
      peer: fc.constantFrom(PLAIN_PARTNER, 'nfs'),
      direction: fc.constantFrom('in' as const, 'out' as const),
      method: fc.constantFrom('host' as const, 'driver' as const),
      size: fc.integer({ min: 1, max: 64 * MiB }),
      writes: anyWrites,
    })
    .map(({ size, ...rest }): MigrationCase => ({ kind: 'migration', ...rest, sizeBytes: roundUp(size, stepBytes) })),
)
const anyCase = fc.oneof(anyExperiment, anyMigration)

describe('the simpler cases', () => {
  test('never hold the case itself, nor one of them twice', () => {
    fc.assert(
      fc.property(anyCase, ([some, least]) => {
        const keys = [some, ...simplerThan(some, least)].map(keyOf)
        expect(new Set(keys).size).toBe(keys.length)
      }),
    )
  })

  test('are of the same kind, with sizes that the driver can be asked for', () => {
    fc.assert(
      fc.property(anyCase, ([some, least]) => {
        for (const simpler of simplerThan(some, least)) {
          expect(simpler.kind).toBe(some.kind)
          expect(simpler.sizeBytes).toBeGreaterThan(0)
          expect(simpler.sizeBytes % least.stepBytes).toBe(0)
        }
      }),
    )
  })

  test('of an experiment are no larger: neither the volume, nor how many, nor what is written, nor what is done before', () => {
    fc.assert(
      fc.property(anyExperiment, ([some, least]) => {
        for (const simpler of experimentsIn(simplerThan(some, least))) {
          expect(simpler.sizeBytes).toBeLessThanOrEqual(some.sizeBytes)
          expect(simpler.volumes).toBeLessThanOrEqual(some.volumes)
          expect(writtenBytes(simpler)).toBeLessThanOrEqual(writtenBytes(some))
          expect(simpler.writes.length).toBeLessThanOrEqual(some.writes.length)
          expect([undefined, some.extendedTo]).toContain(simpler.extendedTo)
          expect(some.reused || !simpler.reused).toBe(true)
        }
      }),
    )
  })

  test('of an experiment come in order: fewest writes, new storage before used, one volume before many, the smallest size', () => {
    fc.assert(
      fc.property(anyExperiment, ([some, least]) => {
        const ranks = experimentsIn(simplerThan(some, least)).map(({ writes, reused, volumes, sizeBytes, extendedTo }) => [
          ...[writes.length, Number(reused), volumes, extendedTo ?? sizeBytes],
        ])
        expect(ranks).toEqual(ranks.toSorted(compareRanks))
      }),
    )
  })

  test('of a migration are no larger, go the same way, and need no other peer than the plain one', () => {
    fc.assert(
      fc.property(anyMigration, ([some, least]) => {
        for (const simpler of migrationsIn(simplerThan(some, least))) {
          expect(simpler.sizeBytes).toBeLessThanOrEqual(some.sizeBytes)
          expect(writtenBytes(simpler)).toBeLessThanOrEqual(writtenBytes(some))
          expect(simpler.writes.length).toBeLessThanOrEqual(some.writes.length)
          expect(simpler.direction).toBe(some.direction)
          expect([PLAIN_PARTNER, some.peer]).toContain(simpler.peer)
          expect(['host', some.method]).toContain(simpler.method)
        }
      }),
    )
  })

  test('of a migration from the driver keep its peer and its method: it is they that may be wrong', () => {
    fc.assert(
      fc.property(anyMigration, ([some, least]) => {
        fc.pre(some.direction === 'out')
        for (const { peer, method } of migrationsIn(simplerThan(some, least))) {
          expect([peer, method]).toEqual([some.peer, some.method])
        }
      }),
    )
  })

  test('of the smallest new volume are none', () => {
    expect(simplerThan({ ...plain, sizeBytes: MiB }, least)).toEqual([])
  })

  test('of an ordinary new volume are smaller ones', () => {
    expect(simplerThan({ ...plain, sizeBytes: 12 * MiB }, least)).toEqual([
      { ...plain, sizeBytes: MiB },
      { ...plain, sizeBytes: 8 * MiB },
    ])
  })

  test('of a large experiment begin with one new volume of a MiB and end with each write by itself', () => {
    const writes = [sector, { offset: MiB, length: 4096 }]
    const simpler = simplerThan({ ...plain, reused: true, volumes: 4, extendedTo: 16 * MiB, writes }, least)

    expect(simpler[0]).toEqual({ ...plain, sizeBytes: MiB })
    expect(simpler).toContainEqual({ ...plain, sizeBytes: MiB, extendedTo: 16 * MiB })
    expect(simpler).toContainEqual({ ...plain, sizeBytes: MiB, volumes: 2 })
    expect(simpler).toContainEqual({ ...plain, sizeBytes: MiB, reused: true })
    expect(simpler).toContainEqual({ ...plain, sizeBytes: MiB, reused: true, writes: [{ offset: 0, length: SECTOR }] })
    expect(simpler.slice(-2)).toEqual(writes.map((write) => ({ ...plain, reused: true, extendedTo: 16 * MiB, writes: [write] })))
  })

  test('are no smaller than the step in which the driver makes volumes', () => {
    const sizes = simplerThan({ ...plain, sizeBytes: 12 * MiB, volumes: 2 }, { stepBytes: 3 * MiB, volumeBytes: 9 * MiB }).map(
      ({ sizeBytes }) => sizeBytes,
    )

    expect(sizes).toEqual([3 * MiB, 9 * MiB, 12 * MiB, 3 * MiB])
  })

  test('of a migration to the driver begin with the plain peer and the host, then come back to its own', () => {
    const sizes = [MiB, least.volumeBytes]
    const writes = [[], [{ offset: 0, length: SECTOR }]]
    const between = [{ peer: PLAIN_PARTNER, method: 'host' }, {}]

    expect(simplerThan(migration, least)).toEqual(
      between.flatMap((other) =>
        writes.flatMap((written) => sizes.map((sizeBytes) => ({ ...migration, ...other, sizeBytes, writes: written }))),
      ),
    )
  })
})

describe('the key of a case', () => {
  test('is the same for the same case only', () => {
    const others: Case[] = [
      plain,
      { ...plain, reused: true },
      { ...plain, volumes: 2 },
      { ...plain, sizeBytes: 4 * MiB },
      { ...plain, extendedTo: 16 * MiB },
      { ...plain, writes: [sector] },
      { ...plain, writes: [{ ...sector, offset: 0 }] },
      { ...plain, writes: [{ ...sector, length: 1024 }] },
      { ...plain, writes: [sector, sector] },
      migration,
      { ...migration, peer: 'lvm-thin' },
      { ...migration, direction: 'out' },
      { ...migration, method: 'host' },
      { ...migration, sizeBytes: MiB },
      { ...migration, writes: [] },
    ]

    expect(new Set(others.map(keyOf)).size).toBe(others.length)
    expect(others.map((some) => keyOf(structuredClone(some)))).toEqual(others.map(keyOf))
  })
})

describe('a case in words', () => {
  test.each<[string, Case]>([
    ['a new volume of 8 MiB, nothing written', plain],
    ['3 new volumes of 5243392 bytes, nothing written', { ...plain, volumes: 3, sizeBytes: 5 * MiB + SECTOR }],
    ['a new volume of 8 MiB, on space that was used before, 512 bytes written at byte 4096', { ...plain, reused: true, writes: [sector] }],
    ['a new volume of 8 MiB, extended to 1 GiB, nothing written', { ...plain, extendedTo: GiB }],
    ['a new volume of 8 MiB, 2 writes of up to 64 KiB', { ...plain, writes: [sector, { offset: 0, length: 65536 }] }],
    ['a volume of 16 MiB, 2 writes of up to 1 MiB, then migrated from nfs by the driver', migration],
    [
      'a volume of 16 MiB, nothing written, then migrated to lvm-thin by the host',
      { ...migration, direction: 'out', peer: 'lvm-thin', method: 'host', writes: [] },
    ],
  ])('is "%s"', (words, some) => {
    expect(describeCase(some)).toBe(words)
  })
})

describe('a size in words', () => {
  test.each([
    [0, '0 bytes'],
    [512, '512 bytes'],
    [1024, '1 KiB'],
    [1536, '1536 bytes'],
    [65536, '64 KiB'],
    [MiB, '1 MiB'],
    [MiB + 1024, '1025 KiB'],
    [1023 * MiB, '1023 MiB'],
    [3 * GiB, '3 GiB'],
    [1024 * GiB, '1024 GiB'],
  ])('of %i is %s', (bytes, words) => {
    expect(sizeText(bytes)).toBe(words)
  })

  test('loses no byte', () => {
    const units: Record<string, number> = { bytes: 1, KiB: 1024, MiB, GiB }
    fc.assert(
      fc.property(fc.nat(4096), fc.constantFrom(1, 512, 1024, MiB, GiB), (count, unit) => {
        const [number = '', name = ''] = sizeText(count * unit).split(' ')
        expect(Number(number) * (units[name] ?? Number.NaN)).toBe(count * unit)
      }),
    )
  })
})

describe('the first reading with wrong bytes', () => {
  test('is none where all are right', () => {
    expect(firstStale([])).toBeUndefined()
    expect(firstStale([reading(1, 0), reading(2, 0)])).toBeUndefined()
  })

  test('is the first of several', () => {
    expect(firstStale([reading(1, 0), reading(2, 1), reading(3, 512)])?.volume).toBe(2)
  })
})

function reading(volume: number, wrongBytes: number): Reading {
  const difference: Difference = { offset: 0, length: wrongBytes, wrong: wrongBytes, expected: 'zero', found: { what: 'poison' } }
  const verification = { checkedBytes: MiB, wrongBytes, differences: wrongBytes > 0 ? [difference] : [], moreDifferences: 0 }
  return { volume, name: `volume-${volume}`, actualBytes: MiB, verification }
}

/** Cases together with the sizes of the driver that they are for. */
function withLeast<Some extends Case>(make: (least: Least) => fc.Arbitrary<Some>): fc.Arbitrary<[Some, Least]> {
  return fc
    .constantFrom(1, SECTOR, 4096, MiB, 3 * MiB, 4 * MiB, 16 * MiB)
    .map((stepBytes): Least => ({ stepBytes, volumeBytes: roundUp(8 * MiB, stepBytes) }))
    .chain((least) => make(least).map((some): [Some, Least] => [some, least]))
}

function roundUp(bytes: number, stepBytes: number): number {
  return Math.ceil(bytes / stepBytes) * stepBytes
}

function experimentsIn(cases: readonly Case[]): Experiment[] {
  return cases.filter((some) => some.kind === 'new')
}

function migrationsIn(cases: readonly Case[]): MigrationCase[] {
  return cases.filter((some) => some.kind === 'migration')
}

function writtenBytes({ writes }: Case): number {
  return writes.reduce((sum, { length }) => sum + length, 0)
}

function compareRanks(one: readonly number[], other: readonly number[]): number {
  const at = one.findIndex((rank, index) => rank !== other[index])
  return at < 0 ? 0 : (one[at] ?? 0) - (other[at] ?? 0)
}

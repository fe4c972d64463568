import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { exampleMigration as migration, plainExperiment as plain, sectorWrite as sector } from '../../../tests/support/example_cases.ts'
import { MiB } from '../../units.ts'
import type { Case, Experiment, MigrationCase } from '../checks/cases.ts'
import { keyOf, type Least, PLAIN_PEER, simplerThan } from './simpler.ts'

const SECTOR = 512
const least: Least = { stepBytes: 1, volumeBytes: 8 * MiB }

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
      peer: fc.constantFrom(PLAIN_PEER, 'nfs'),
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
          expect([PLAIN_PEER, some.peer]).toContain(simpler.peer)
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
    const between = [{ peer: PLAIN_PEER, method: 'host' }, {}]

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

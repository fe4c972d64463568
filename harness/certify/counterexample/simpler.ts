import { MiB, SECTOR_BYTES } from '../../units.ts'
import type { Case, Experiment, MigrationCase } from '../checks/cases.ts'

const SMALL_VOLUME_BYTES = MiB
/** The peer that a counterexample is looked for with first. */
export const PLAIN_PEER = 'lvm-thin'

/** The smallest sizes that a driver makes volumes of, in bytes. */
export interface Least {
  readonly stepBytes: number
  readonly volumeBytes: number
}

/**
 * Returns the simpler cases that may show the same, simplest first: fewest writes, then new storage before used, one volume
 * before many, the smallest size. Pure.
 */
export function simplerThan(shown: Case, least: Least): Case[] {
  const candidates = shown.kind === 'new' ? simplerExperiments(shown, least) : simplerMigrations(shown, least)
  const seen = new Set([keyOf(shown)])
  return candidates.filter((candidate) => !seen.has(keyOf(candidate)) && seen.add(keyOf(candidate)))
}

const ONE_SECTOR = [{ offset: 0, length: SECTOR_BYTES }]

function simplerExperiments(experiment: Experiment, { stepBytes, volumeBytes }: Least): Experiment[] {
  const small = Math.ceil(SMALL_VOLUME_BYTES / stepBytes) * stepBytes
  const sizes = [...new Set([small, volumeBytes, experiment.sizeBytes])].filter((size) => size <= experiment.sizeBytes)
  const [smallest = experiment.sizeBytes] = sizes
  const { extendedTo, reused, volumes, writes } = experiment
  const one = { kind: 'new', reused: false, volumes: 1, writes: [] } as const
  return [
    ...sizes.map((sizeBytes) => ({ ...one, sizeBytes })),
    ...(extendedTo === undefined ? [] : [{ ...one, sizeBytes: smallest, extendedTo }]),
    ...(volumes > 1 ? [{ ...one, sizeBytes: smallest, volumes: 2 }] : []),
    ...(reused ? [{ ...one, reused: true, sizeBytes: smallest }] : []),
    ...(writes.length > 0 ? sizes.map((sizeBytes) => ({ ...one, sizeBytes, writes: ONE_SECTOR })) : []),
    ...(reused && writes.length > 0 ? [{ ...one, reused: true, sizeBytes: smallest, writes: ONE_SECTOR }] : []),
    ...(writes.length > 1 ? writes.map((write) => ({ ...experiment, volumes: 1, writes: [write] })) : []),
  ]
}

/** A plain source and the host's copy come first: they leave the fewest possible causes. */
function simplerMigrations(migration: MigrationCase, { stepBytes, volumeBytes }: Least): MigrationCase[] {
  const small = Math.ceil(SMALL_VOLUME_BYTES / stepBytes) * stepBytes
  const sizes = [...new Set([small, volumeBytes].map((size) => Math.min(size, migration.sizeBytes)))]
  const plain = { ...migration, peer: PLAIN_PEER, method: 'host' as const }
  const written = migration.writes.length > 0 ? [[], ONE_SECTOR] : [[]]
  return [...(migration.direction === 'in' ? [plain] : []), migration].flatMap((between) =>
    written.flatMap((writes) => sizes.map((sizeBytes) => ({ ...between, sizeBytes, writes }))),
  )
}

/** Returns a text that is the same for the same case only. */
export function keyOf(some: Case): string {
  const writes = some.writes.map(({ offset, length }) => [offset, length])
  if (some.kind === 'migration') return JSON.stringify([some.peer, some.direction, some.method, some.sizeBytes, writes])
  return JSON.stringify([some.reused, some.volumes, some.sizeBytes, some.extendedTo, writes])
}

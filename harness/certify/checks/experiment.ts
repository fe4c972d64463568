import type { Content } from '../../content/content.ts'
import type { MigrationMethod } from '../../migration/migrate.ts'
import type { Extent, Verification } from '../../result/bytes.ts'
import { MiB, SECTOR_BYTES, sizeText } from '../../units.ts'
import { DriverFault, DriverGone } from '../candidate/driver_process.ts'
import type { DriverSession, DriverVolume } from '../driver_session.ts'

/** How a new volume comes about and what its user writes to it, before it is asked whether all the rest reads as zero. */
export interface Experiment {
  readonly kind: 'new'
  /** The storage was filled through the driver and freed again. */
  readonly reused: boolean
  /** How many volumes are made, one after another; each of them is looked at. */
  readonly volumes: number
  readonly sizeBytes: number
  /** Made at `sizeBytes`, then extended to this. */
  readonly extendedTo?: number
  /** What is written to each. */
  readonly writes: readonly Pick<Extent, 'offset' | 'length'>[]
}

/** A volume with these writes, migrated between the driver and a peer. */
export interface MigrationCase {
  readonly kind: 'migration'
  readonly peer: string
  /** To the driver, or from it. */
  readonly direction: 'in' | 'out'
  readonly method: MigrationMethod
  readonly sizeBytes: number
  readonly writes: readonly Pick<Extent, 'offset' | 'length'>[]
}

/** What may show that a driver is wrong. */
export type Case = Experiment | MigrationCase

/** What one volume of an experiment was found to hold. */
export interface Reading {
  /** Which of the volumes: 1 for the first. */
  readonly volume: number
  readonly name: string
  /** The size of its device or file: at least what was asked for. */
  readonly actualBytes: number
  readonly verification: Verification
}

/** A fill of the driver's storage, and what became of it. */
export interface Fill {
  readonly volumes: number
  /** Of each volume, in bytes. */
  readonly sizeBytes: number
  /** Why it ended before all of the storage's size was written; undefined when it did not. */
  readonly endedBy?: string
}

/** Storage is filled with about this many volumes. */
const FILL_VOLUMES = 6
const SMALL_VOLUME_BYTES = MiB
/** The peer that a counterexample is first sought with. */
export const PLAIN_PARTNER = 'lvm-thin'

/** Runs an experiment and reads every volume of it to its last byte. */
export async function runExperiment(session: DriverSession, experiment: Experiment): Promise<Reading[]> {
  if (experiment.reused) await fillAndFree(session)
  const volumes: DriverVolume[] = []
  for (let made = 0; made < experiment.volumes; made++) volumes.push(await session.create(experiment.sizeBytes))
  const readings: Reading[] = []
  for (const [index, volume] of volumes.entries()) {
    const { extendedTo } = experiment
    const grown = extendedTo === undefined ? volume : await extend(session, volume, extendedTo)
    const actualBytes = await grown.actualBytes()
    const extents = experiment.writes.map((extent) => ({ ...extent, write: 'data' as const }))
    const content: Content = { sizeBytes: actualBytes, tag: session.lab.tag(), extents }
    if (extents.length > 0) await grown.write(content)
    readings.push({ volume: index + 1, name: volume.name, actualBytes, verification: await grown.verify(content) })
  }
  for (const volume of volumes.toReversed()) await volume.delete()
  return readings
}

async function extend(session: DriverSession, volume: DriverVolume, newSizeBytes: number): Promise<DriverVolume> {
  const { name } = volume
  await volume.detach()
  await session.ask('extend_volume', { name, new_size_bytes: newSizeBytes }, (service) => service.extendVolume(name, newSizeBytes))
  return session.adopt(name, newSizeBytes)
}

/** Fills the driver's storage with volumes full of data. They stay. */
async function fill(session: DriverSession): Promise<Fill & { readonly made: readonly DriverVolume[] }> {
  const sizeBytes = session.roundUp(Math.floor(session.fillBytes / FILL_VOLUMES / MiB) * MiB)
  const made: DriverVolume[] = []
  while ((made.length + 1) * sizeBytes <= session.fillBytes) {
    let volume: DriverVolume
    try {
      volume = await session.create(sizeBytes)
    } catch (error) {
      if (!(error instanceof DriverFault) || error instanceof DriverGone || made.length === 0) throw error
      return { made, sizeBytes, volumes: made.length, endedBy: error.message }
    }
    made.push(volume)
    await volume.write({ sizeBytes, tag: session.lab.tag(), extents: [{ offset: 0, length: sizeBytes, write: 'data' }] })
    await volume.detach()
  }
  return { made, sizeBytes, volumes: made.length }
}

/** Fills the storage and deletes all of it again. */
export async function fillAndFree(session: DriverSession): Promise<Fill> {
  const { made, ...filled } = await fill(session)
  for (const volume of made.toReversed()) await volume.delete()
  return filled
}

export interface Least {
  readonly stepBytes: number
  readonly volumeBytes: number
}

/**
 * The simpler cases that may show the same, simplest first: fewest writes, then new storage before used, one volume before
 * many, the smallest size. Pure.
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

/** A plain source and the host's copy first: they leave the least to look at. */
function simplerMigrations(migration: MigrationCase, { stepBytes, volumeBytes }: Least): MigrationCase[] {
  const small = Math.ceil(SMALL_VOLUME_BYTES / stepBytes) * stepBytes
  const sizes = [...new Set([small, volumeBytes].map((size) => Math.min(size, migration.sizeBytes)))]
  const plain = { ...migration, peer: PLAIN_PARTNER, method: 'host' as const }
  const written = migration.writes.length > 0 ? [[], ONE_SECTOR] : [[]]
  return [...(migration.direction === 'in' ? [plain] : []), migration].flatMap((between) =>
    written.flatMap((writes) => sizes.map((sizeBytes) => ({ ...between, sizeBytes, writes }))),
  )
}

/** Tells cases apart. */
export function keyOf(some: Case): string {
  const writes = some.writes.map(({ offset, length }) => [offset, length])
  if (some.kind === 'migration') return JSON.stringify([some.peer, some.direction, some.method, some.sizeBytes, writes])
  return JSON.stringify([some.reused, some.volumes, some.sizeBytes, some.extendedTo, writes])
}

/** The first reading that is not all zero where nobody wrote. */
export function firstStale(readings: readonly Reading[]): Reading | undefined {
  return readings.find(({ verification }) => verification.wrongBytes > 0)
}

/** A case in words: "a new volume of 1 MiB, on space that was used before, 512 bytes written at byte 0". */
export function describeCase(some: Case): string {
  const size = sizeText(some.sizeBytes)
  if (some.kind === 'migration') {
    const way = some.direction === 'in' ? `from ${some.peer}` : `to ${some.peer}`
    return `a volume of ${size}, ${describeWrites(some.writes)}, then migrated ${way} by the ${some.method}`
  }
  return [
    some.volumes === 1 ? `a new volume of ${size}` : `${some.volumes} new volumes of ${size}`,
    ...(some.reused ? ['on space that was used before'] : []),
    ...(some.extendedTo === undefined ? [] : [`extended to ${sizeText(some.extendedTo)}`]),
    describeWrites(some.writes),
  ].join(', ')
}

function describeWrites(writes: Case['writes']): string {
  const [first] = writes
  if (first === undefined) return 'nothing written'
  return writes.length === 1
    ? `${sizeText(first.length)} written at byte ${first.offset}`
    : `${writes.length} writes of up to ${sizeText(Math.max(...writes.map(({ length }) => length)))}`
}

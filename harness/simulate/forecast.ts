import { dataPercent } from '../model/data_percent.ts'
import { freedByVolume, METADATA_BLOCK_BYTES, takenByVolume } from '../model/thin_metadata.ts'
import {
  type Amount,
  type Forecast,
  type ForecastMigration,
  type MetadataShare,
  type Point,
  type Share,
  type StrategyForecast,
  type StrategyName,
  strategyNames,
} from '../result/forecast.ts'
import { bytesOf, type Content, type Copy, fullCopy, skippingCopy } from './copies.ts'
import type { Fleet, FleetVolume, Migration, Pool } from './fleet.ts'
import { negated, nothing, Timeline } from './timeline.ts'

/** The decision of the rule on sparse copies to a pool. */
export interface Permission {
  readonly sparse: boolean
  readonly reason: string
}

/** A forecast without the names of its schema and of the program's version. */
export type FleetForecast = Omit<Forecast, 'schema' | 'version'>
type Forbidden = Forecast['forbidden'][number]
type Overfill = NonNullable<StrategyForecast['firstCertain']>

/** The limits of the points kept under one strategy: of all pools together, and of one pool. */
const POINTS = { all: 100_000, least: 20, most: 2000 }
const MOST_MOVED = 1000

/**
 * Forecasts the space that a plan of migrations takes, under each strategy. Migrations run one after another, and a source is deleted
 * only after its copy. If a pool is too small, the forecast goes on as if it were not, so that it shows everything that is missing.
 * The cost is in the number of migrations and of ranges of the migrated volumes.
 */
export function forecast(fleet: Fleet, permit: (claims: unknown) => Permission): FleetForecast {
  const permissions = fleet.pools.map(({ claims }) => permit(claims))
  const timed = fleet.pools.some(({ bandwidth }) => bandwidth !== undefined)
  const places = Int32Array.from(fleet.volumes, ({ pool }) => pool)
  const remaining = new Uint32Array(fleet.volumes.length)
  for (const { volume } of fleet.migrations) remaining[volume] = (remaining[volume] ?? 0) + 1
  const promised = promisedOf(fleet)
  const members = fleet.pools.map(() => 0)
  for (const { pool } of fleet.volumes) members[pool] = (members[pool] ?? 0) + 1
  const strategies = strategyNames.map((strategy) => new StrategyRun(strategy, fleet, timed))
  const forbidden = new Map<number, Forbidden>()
  const moved: ForecastMigration[] = []
  for (const [index, migration] of fleet.migrations.entries()) {
    const step = index + 1
    const volume = fleet.volumes[migration.volume]
    const source = fleet.pools[places[migration.volume] ?? 0]
    const destination = fleet.pools[migration.to]
    const permission = permissions[migration.to]
    if (volume === undefined || source === undefined || destination === undefined || permission === undefined)
      throw new Error(`migration ${step} refers to what is not in the fleet`)
    const left = (remaining[migration.volume] ?? 1) - 1
    remaining[migration.volume] = left
    const from = places[migration.volume] ?? 0
    const volumesThere = (members[migration.to] ?? 0) + 1
    members[migration.to] = volumesThere
    members[from] = (members[from] ?? 1) - 1
    const move: Move = {
      step,
      migration,
      volume,
      source,
      destination,
      from,
      volumesThere,
      sparse: permission.sparse,
      goesOn: left > 0,
    }
    const first = places[migration.volume] === volume.pool
    const copies = strategies.map((strategy) => strategy.migrate(move))
    places[migration.volume] = migration.to
    promise(promised[migration.to], volume.sizeBytes)
    promise(promised[from], -volume.sizeBytes)
    if (!permission.sparse) noteForbidden(forbidden, move, permission.reason)
    if (moved.length < MOST_MOVED) moved.push(movedOf(move, copies, first))
  }
  const outcomes = strategies.map((strategy) => strategy.outcome())
  return {
    verdict: outcomes.find(({ strategy }) => strategy === 'sparse')?.verdict ?? 'fits',
    volumes: fleet.volumes.length,
    migrations: fleet.migrations.length,
    pools: fleet.pools.map(({ name, kind, sizeBytes, grainBytes, reserveBytes, metadata }, index) => ({
      name,
      kind,
      sizeBytes,
      grainBytes,
      ...(permissions[index] ?? { sparse: false, reason: '' }),
      reserveBytes,
      metadata: metadata && {
        sizeBytes: metadata.blocks * METADATA_BLOCK_BYTES,
        refusedFrom: dataPercent(metadata.refusedFrom, metadata.blocks),
      },
      promised: promised[index] ?? { before: 0, peak: 0, after: 0 },
    })),
    forbidden: [...forbidden.values()],
    outcomes,
    moved,
    assumptions: assumptionsOf(fleet),
  }
}

interface Promised {
  before: number
  peak: number
  after: number
}

/** The virtual sizes of each pool's volumes at the beginning, in bytes. */
function promisedOf({ pools, volumes }: Fleet): Promised[] {
  const promised = pools.map((): Promised => ({ before: 0, peak: 0, after: 0 }))
  for (const { pool, sizeBytes } of volumes) promise(promised[pool], sizeBytes)
  for (const one of promised) one.before = one.peak
  return promised
}

function promise(promised: Promised | undefined, bytes: number): void {
  if (promised === undefined) return
  promised.after += bytes
  promised.peak = Math.max(promised.peak, promised.after)
}

function movedOf(
  { step, migration, volume, source, destination, sparse }: Move,
  copies: readonly Copy[],
  first: boolean,
): ForecastMigration {
  const { name, sizeBytes, content } = volume
  return {
    step,
    volume: name,
    from: source.name,
    to: destination.name,
    sizeBytes,
    blockBytes: migration.blockBytes,
    sparse,
    before: first && !source.whole ? shareOfVolume(bytesOf(content), sizeBytes) : undefined,
    after: strategyNames.flatMap((strategy, index) => {
      const copy = copies[index]
      if (copy === undefined) return []
      return { strategy, written: copy.written, share: destination.whole ? undefined : shareOfVolume(copy.taken, sizeBytes) }
    }),
  }
}

interface Move {
  readonly step: number
  readonly migration: Migration
  readonly volume: FleetVolume
  readonly source: Pool
  readonly destination: Pool
  readonly from: number
  readonly sparse: boolean
  /** True if the plan migrates the volume again. */
  readonly goesOn: boolean
  /** The listed volumes in the destination, with this one. */
  readonly volumesThere: number
}

/** The plan under one strategy, as far as it has come. */
class StrategyRun {
  readonly strategy: StrategyName
  private readonly fleet: Fleet
  private readonly timelines: readonly Timeline[]
  /** The blocks of metadata in use. */
  private readonly metadata: readonly (Timeline | undefined)[]
  /** The space of migrated volumes that the plan migrates again, by volume. */
  private readonly arrived = new Map<number, Pick<Copy, 'taken' | 'mapped'> & { readonly nodes: Amount }>()
  private read = nothing
  private written = nothing
  private seconds: Amount | undefined
  private firstCertain: Overfill | undefined
  private firstPossible: Overfill | undefined

  constructor(strategy: StrategyName, fleet: Fleet, timed: boolean) {
    this.strategy = strategy
    this.fleet = fleet
    const points = Math.min(Math.max(Math.floor(POINTS.all / fleet.pools.length), POINTS.least), POINTS.most)
    const stride = Math.max(1, Math.ceil(fleet.migrations.length / points))
    this.timelines = fleet.pools.map(({ used }) => new Timeline(used, stride, timed))
    this.metadata = fleet.pools.map(({ metadata }) => metadata && new Timeline(metadata.used, stride, timed))
    if (timed) this.seconds = nothing
  }

  migrate(move: Move): Copy {
    const { step, migration, volume, source, destination } = move
    const now = this.arrived.get(migration.volume)
    const copy = this.copy(move, now?.mapped ?? volume.content)
    this.read = sum(this.read, copy.read)
    this.written = sum(this.written, copy.written)
    if (this.seconds !== undefined) this.seconds = sum(this.seconds, copySeconds(copy, source, destination))
    const seconds = this.seconds?.most
    const used = this.timelines[migration.to]?.change(copy.taken, step, seconds)
    if (used !== undefined && used.most > destination.sizeBytes - destination.reserveBytes) this.noteOverfill(move, used)
    const nodes = takenByVolume(unitsOf(copy.taken, destination.grainBytes), move.volumesThere)
    this.noteMetadata(move, this.metadata[migration.to]?.change(nodes, step, seconds))
    this.metadata[move.from]?.change(negated(now?.nodes ?? reversed(nodesOf(volume))), step, seconds)
    this.timelines[move.from]?.change(negated(now?.taken ?? volume.frees), step, seconds)
    if (move.goesOn) this.arrived.set(migration.volume, { taken: copy.taken, mapped: copy.mapped, nodes })
    else this.arrived.delete(migration.volume)
    return copy
  }

  private copy({ migration, volume: { content, sizeBytes }, source, destination, sparse }: Move, allocated: Content): Copy {
    if (this.strategy === 'full') return fullCopy(sizeBytes, destination)
    // A volume without a map of its own is read as a whole to find its zeros.
    const mapped = this.strategy === 'mapped' && !source.whole
    if (!sparse) {
      const copy = fullCopy(sizeBytes, destination)
      return mapped ? { ...copy, read: skippingCopy(allocated, sizeBytes, allocated.unitBytes, destination, 'data').read } : copy
    }
    if (mapped) return skippingCopy(allocated, sizeBytes, allocated.unitBytes, destination, 'data')
    return skippingCopy(content, sizeBytes, migration.blockBytes, destination, 'all')
  }

  private noteOverfill(move: Move, used: Amount): void {
    const { sizeBytes, reserveBytes } = move.destination
    const limit = reserveBytes === 0 || used.least > sizeBytes ? 'size' : 'reserve'
    const room = limit === 'size' ? sizeBytes : sizeBytes - reserveBytes
    const missing = { least: Math.max(0, used.least - room), most: used.most - room }
    this.note(move, limit, missing)
  }

  private noteMetadata(move: Move, used: Amount | undefined): void {
    const { metadata } = move.destination
    if (used === undefined || metadata === undefined || used.most < metadata.refusedFrom) return
    const past = (blocks: number) => Math.max(0, blocks - metadata.refusedFrom + 1) * METADATA_BLOCK_BYTES
    this.note(move, 'metadata', { least: past(used.least), most: past(used.most) })
  }

  private note({ step, volume, destination }: Move, limit: Overfill['limit'], missing: Amount): void {
    const overfill: Overfill = { step, volume: volume.name, pool: destination.name, limit, missing }
    this.firstPossible ??= overfill
    if (missing.least > 0) this.firstCertain ??= overfill
  }

  outcome(): StrategyForecast {
    const { strategy, read, written, seconds, firstCertain, firstPossible } = this
    return {
      strategy,
      verdict: firstCertain !== undefined ? 'overfills' : firstPossible !== undefined ? 'may-overfill' : 'fits',
      read,
      written,
      seconds,
      firstCertain,
      firstPossible,
      pools: this.timelines.map((timeline, index) => {
        const { name = '', sizeBytes = 0, metadata } = this.fleet.pools[index] ?? {}
        const blocks = this.metadata[index]
        return {
          pool: name,
          before: shareOf(timeline.before, sizeBytes),
          peak: shareOf(timeline.peak.used, sizeBytes),
          peakStep: timeline.peak.step,
          final: shareOf(timeline.used, sizeBytes),
          metadata: metadata &&
            blocks && {
              before: shareOfMetadata(blocks.before, metadata),
              peak: shareOfMetadata(blocks.peak.used, metadata),
              final: shareOfMetadata(blocks.used, metadata),
              points: blocks.finish().map((point) => metadataPoint(point, metadata)),
            },
          points: timeline.finish(),
        }
      }),
    }
  }
}

/** Reading and writing overlap, so the slower one decides. A copy within a pool would share the pool's bandwidth. */
function copySeconds({ read, written }: Copy, source: Pool, destination: Pool): Amount {
  return {
    least: Math.max(secondsFor(read.least, source), secondsFor(written.least, destination)),
    most: Math.max(secondsFor(read.most, source), secondsFor(written.most, destination)),
  }
}

function secondsFor(bytes: number, { bandwidth }: Pool): number {
  return bandwidth === undefined ? 0 : bytes / bandwidth
}

function sum(one: Amount, other: Amount): Amount {
  return { least: one.least + other.least, most: one.most + other.most }
}

/** The last chunk of a volume may reach past its end. */
function shareOfVolume({ least, most }: Amount, sizeBytes: number): Share {
  return { ...shareOf({ least: Math.min(least, sizeBytes), most: Math.min(most, sizeBytes) }, sizeBytes), bytes: { least, most } }
}

function shareOf({ least, most }: Amount, total: number): Share {
  return { bytes: { least, most }, dataPercent: { least: dataPercent(least, total), most: dataPercent(most, total) } }
}

/** Fewer blocks than those of an empty pool are never in use. */
function shareOfMetadata({ least, most }: Amount, { blocks, emptyBlocks }: NonNullable<Pool['metadata']>): MetadataShare {
  const used = { least: Math.max(least, Math.min(emptyBlocks, most)), most }
  return {
    bytes: { least: used.least * METADATA_BLOCK_BYTES, most: used.most * METADATA_BLOCK_BYTES },
    metaPercent: { least: dataPercent(used.least, blocks), most: dataPercent(used.most, blocks) },
  }
}

function metadataPoint({ least, most, peak, ...when }: Point, { emptyBlocks }: NonNullable<Pool['metadata']>): Point {
  return {
    ...when,
    least: Math.max(least, Math.min(emptyBlocks, most)) * METADATA_BLOCK_BYTES,
    most: most * METADATA_BLOCK_BYTES,
    peak: peak * METADATA_BLOCK_BYTES,
  }
}

function unitsOf({ least, most }: Amount, unitBytes: number): Amount {
  return { least: least / unitBytes, most: most / unitBytes }
}

/** The blocks of metadata that the pool of a volume gets back from it. */
function nodesOf({ content, sharedBytes }: FleetVolume): Amount {
  return freedByVolume(unitsOf(bytesOf(content), content.unitBytes), Math.ceil(sharedBytes / content.unitBytes))
}

/** What is given back is not known from what was taken, so that the least left is after the most is given back. */
function reversed({ least, most }: Amount): Amount {
  return { least: most, most: least }
}

function noteForbidden(forbidden: Map<number, Forbidden>, { step, migration, volume, destination }: Move, reason: string): void {
  const noted = forbidden.get(migration.to)
  if (noted !== undefined) forbidden.set(migration.to, { ...noted, migrations: noted.migrations + 1 })
  else forbidden.set(migration.to, { pool: destination.name, reason, migrations: 1, first: { step, volume: volume.name } })
}

function assumptionsOf({ pools, volumes, migrations }: Fleet): string[] {
  const withMetadata = pools.some(({ metadata }) => metadata !== undefined)
  const without = pools.some(({ kind, metadata }) => kind === 'thin' && metadata === undefined)
  const counted = new Set<number>()
  for (const { volume } of migrations) if (isUncertain(volumes[volume])) counted.add(volume)
  return [
    'Allocated space is assumed to hold data. Written zeros make a sparse copy smaller than forecast.',
    'No volume is written meanwhile. The metadata of file systems is not counted.',
    ...(without ? ['The metadata of a thin pool is forecast only if its metadataSize and metadataPercent are given.'] : []),
    ...(withMetadata
      ? ['The least Meta% assumes that the nodes of the trees that map new volumes are full, the most that they are half full.']
      : []),
    'Promised space is the virtual size of the listed volumes. Other volumes in a pool are not counted in it.',
    ...(counted.size === 0
      ? []
      : [
          `For ${counted.size} ${counted.size === 1 ? 'volume' : 'volumes'} to migrate, the plan gives how much is allocated, but not where. The least assumes that it lies together, the most that every chunk lies in a block of its own. With maps (extents) the forecast is exact.`,
        ]),
  ]
}

function isUncertain(volume: FleetVolume | undefined): boolean {
  if (volume === undefined || volume.content.kind === 'mapped') return false
  const { units, unitBytes } = volume.content
  return units.most > 0 && units.least < Math.ceil(volume.sizeBytes / unitBytes)
}

import { type Range, type RangeMap, scaled, touched } from '../content/ranges.ts'
import { exactly, inGrains } from '../model/amount.ts'
import { chunksOfDataPercent } from '../model/data_percent.ts'
import type { Amount } from '../result/forecast.ts'
import { KiB } from '../units.ts'
import { allOf, bytesOf, type Content, type Storing } from './copies.ts'
import { checkFleetFile, Faults, type FleetFilePool, type FleetFileVolume, readSize, shown } from './fleet_file.ts'

export type PoolKind = FleetFilePool['kind']

/** A pool; sizes in bytes, bandwidth in bytes a second. */
export interface Pool extends Storing {
  readonly name: string
  readonly kind: PoolKind
  /** Whole grains. */
  readonly sizeBytes: number
  readonly claims: unknown
  /** In use at the beginning, by volumes listed or not. */
  readonly used: Amount
  readonly bandwidth?: number
}

export interface FleetVolume {
  readonly name: string
  readonly sizeBytes: number
  /** The index of its pool at the beginning. */
  readonly pool: number
  /** Assumed to hold data: what is allocated, in whole grains of its pool. */
  readonly content: Content
  /** What its pool gets back when it goes. Bytes. */
  readonly frees: Amount
}

export interface Migration {
  /** Indices. */
  readonly volume: number
  readonly to: number
  readonly blockBytes: number
}

/** A fleet file, read and checked. */
export interface Fleet {
  readonly pools: readonly Pool[]
  readonly volumes: readonly FleetVolume[]
  readonly migrations: readonly Migration[]
}

const GRAINS: Readonly<Record<PoolKind, number>> = { thin: 64 * KiB, thick: 4 * KiB * KiB, file: 4 * KiB }
/** dm-thin takes no others. */
const THIN_CHUNK_STEP = 64 * KiB
const MOST_THIN_CHUNK = KiB ** 3
/** dd's, as Cinder runs it. */
const DEFAULT_BLOCK = KiB * KiB

/** Reads a parsed fleet file. Throws UsageError with the place of each fault; `file` is its name for the message. */
export function readFleet(value: unknown, file: string): Fleet {
  const { pools, volumes, migrations, blockSize } = checkFleetFile(value, file)
  const faults = new Faults()
  const used = pools.map((pool, index) => readPool(pool, `pools[${index}]`, faults))
  const poolIndex = indexOf(pools, 'pools', faults)
  const unread = used.map(({ pool }) => pool)
  const readVolumes = volumes.map((volume, index) => readVolume(volume, `volumes[${index}]`, poolIndex, unread, faults))
  const volumeIndex = indexOf(volumes, 'volumes', faults)
  faults.throwIfAny(file)

  const fullPools = fill(used, readVolumes, faults)
  const block = blockSize === undefined ? DEFAULT_BLOCK : readBlock(blockSize, 'blockSize', faults)
  const places = readVolumes.map(({ pool }) => pool)
  const readMigrations = migrations.map(({ volume, to, blockSize: own }, index): Migration => {
    const path = `migrations[${index}]`
    const found = { volume: volumeIndex.get(volume), to: poolIndex.get(to) }
    if (found.volume === undefined) faults.add(`${path}.volume`, `no volume is called ${shown(volume)}`)
    if (found.to === undefined) faults.add(`${path}.to`, noPool(to, poolIndex))
    if (found.volume !== undefined && found.to !== undefined) {
      if (places[found.volume] === found.to)
        faults.add(`${path}.to`, `${shown(volume)} is in ${shown(to)} already; leave this migration out`)
      places[found.volume] = found.to
    }
    return {
      volume: found.volume ?? 0,
      to: found.to ?? 0,
      blockBytes: own === undefined ? block : readBlock(own, `${path}.blockSize`, faults),
    }
  })
  faults.throwIfAny(file)
  return { pools: fullPools, volumes: readVolumes, migrations: readMigrations }
}

interface ReadPool {
  readonly pool: Omit<Pool, 'used'>
  /** By volumes that are not listed. */
  readonly others: Amount
}

function readPool({ name, kind, size, chunk, claims, used, bandwidth }: FleetFilePool, path: string, faults: Faults): ReadPool {
  const grainBytes = chunk === undefined ? GRAINS[kind] : readChunk(chunk, kind, `${path}.chunk`, faults)
  const asked = readPositive(size, `${path}.size`, faults)
  const sizeBytes = Math.floor(asked / grainBytes) * grainBytes
  if (asked > 0 && sizeBytes === 0) faults.add(`${path}.size`, `it is less than one chunk (${grainBytes} bytes)`)
  const rate = bandwidth === undefined ? undefined : readPositive(bandwidth, `${path}.bandwidth`, faults)
  return {
    pool: { name, kind, sizeBytes, grainBytes, whole: kind === 'thick', claims, ...(rate !== undefined && { bandwidth: rate }) },
    others: used === undefined ? exactly(0) : readUsed(used, sizeBytes, grainBytes, `${path}.used`, faults),
  }
}

function readChunk(chunk: number | string, kind: PoolKind, path: string, faults: Faults): number {
  const bytes = readPositive(chunk, path, faults)
  if (kind === 'thin' && (bytes % THIN_CHUNK_STEP !== 0 || bytes > MOST_THIN_CHUNK))
    faults.add(path, `${shown(chunk)} is no chunk of a thin pool: a multiple of 64KiB, up to 1GiB`)
  return Math.max(bytes, 1)
}

function readUsed(used: number | string, sizeBytes: number, grainBytes: number, path: string, faults: Faults): Amount {
  const share = typeof used === 'string' ? /^\s*(\d+(?:\.\d+)?)\s*%\s*$/.exec(used)?.[1] : undefined
  if (share === undefined) return exactly(inGrains(readSize(used, path, faults), grainBytes))
  if (Number(share) > 100) faults.add(path, `${shown(used)} is more than 100%`)
  const { least, most } = chunksOfDataPercent(Math.min(Number(share), 100), sizeBytes, grainBytes)
  return { least: least * grainBytes, most: most * grainBytes }
}

function readPositive(value: number | string, path: string, faults: Faults): number {
  const bytes = readSize(value, path, faults)
  if (bytes === 0) faults.add(path, 'it must be more than 0')
  return bytes
}

function readBlock(value: number | string, path: string, faults: Faults): number {
  return Math.max(readPositive(value, path, faults), 1)
}

function readVolume(
  { name, pool: poolName, size, shared, ...rest }: FleetFileVolume,
  path: string,
  poolIndex: ReadonlyMap<string, number>,
  pools: readonly Omit<Pool, 'used'>[],
  faults: Faults,
): FleetVolume {
  const sizeBytes = readPositive(size, `${path}.size`, faults)
  const index = poolIndex.get(poolName)
  const pool = index === undefined ? undefined : pools[index]
  if (index === undefined || pool === undefined) {
    faults.add(`${path}.pool`, noPool(poolName, poolIndex))
    return { name, sizeBytes, pool: 0, content: allOf(sizeBytes, 1), frees: exactly(0) }
  }
  const content = readContent(rest, sizeBytes, pool, path, faults)
  const taken = pool.whole ? exactly(inGrains(sizeBytes, pool.grainBytes)) : bytesOf(content)
  return {
    name,
    sizeBytes,
    pool: index,
    content,
    frees: shared === undefined ? taken : less(taken, shared, pool, `${path}.shared`, faults),
  }
}

function less(taken: Amount, shared: number | string, pool: Omit<Pool, 'used'>, path: string, faults: Faults): Amount {
  const bytes = readSize(shared, path, faults)
  if (pool.kind !== 'thin') faults.add(path, `${shown(pool.name)} is no thin pool, and shares nothing`)
  else if (bytes > taken.most) faults.add(path, `${shown(shared)} is more than the volume has allocated`)
  return { least: Math.max(0, taken.least - bytes), most: Math.max(0, taken.most - bytes) }
}

type Allocation = Pick<FleetFileVolume, 'extents' | 'dataPercent' | 'mapped'>

function readContent(allocation: Allocation, sizeBytes: number, pool: Omit<Pool, 'used'>, path: string, faults: Faults): Content {
  const { extents, dataPercent, mapped } = allocation
  const { grainBytes } = pool
  if (Number(extents !== undefined) + Number(dataPercent !== undefined) + Number(mapped !== undefined) > 1)
    faults.add(path, 'give one of extents, dataPercent and mapped')
  if (extents !== undefined) {
    const ranges = readExtents(extents, sizeBytes, `${path}.extents`, faults)
    return { kind: 'mapped', unitBytes: grainBytes, ranges: scaled(touched(ranges, grainBytes), grainBytes) }
  }
  if (dataPercent !== undefined)
    return { kind: 'counted', unitBytes: grainBytes, units: chunksOfDataPercent(Number(dataPercent), sizeBytes, grainBytes) }
  if (mapped !== undefined) {
    const bytes = readSize(mapped, `${path}.mapped`, faults)
    if (bytes > inGrains(sizeBytes, grainBytes)) faults.add(`${path}.mapped`, `${shown(mapped)} is more than the volume's size`)
    return { kind: 'counted', unitBytes: grainBytes, units: exactly(Math.ceil(bytes / grainBytes)) }
  }
  if (!pool.whole)
    faults.add(path, `${shown(pool.name)} is ${pool.kind}: say what the volume has allocated, by extents, dataPercent or mapped`)
  return allOf(sizeBytes, grainBytes)
}

function readExtents(extents: unknown, sizeBytes: number, path: string, faults: Faults): RangeMap<true> {
  if (!Array.isArray(extents)) {
    faults.add(path, `it is no list; write [[offset, length], ...] (it is ${shown(extents)})`)
    return []
  }
  const ranges: Range<true>[] = []
  let end = 0
  for (const [index, extent] of extents.entries()) {
    const [offset, length] = readExtent(extent, `${path}[${index}]`, faults)
    if (offset < end) faults.add(`${path}[${index}]`, `it begins at ${offset}, before the one before it ends (${end})`)
    if (offset + length > sizeBytes) faults.add(`${path}[${index}]`, `it ends at ${offset + length}, past the volume's end (${sizeBytes})`)
    end = Math.max(end, offset + length)
    if (length > 0) ranges.push({ from: offset, to: offset + length, value: true })
  }
  return ranges
}

function readExtent(extent: unknown, path: string, faults: Faults): readonly [number, number] {
  if (!Array.isArray(extent) || extent.length !== 2) {
    faults.add(path, `it is no extent; write [offset, length] (it is ${shown(extent)})`)
    return [0, 0]
  }
  const [offset = 0, length = 0] = extent.map((value: unknown, index) => readExtentSize(value, `${path}[${index}]`, faults))
  return [offset, length]
}

function readExtentSize(value: unknown, path: string, faults: Faults): number {
  if (typeof value === 'string') return readSize(value, path, faults)
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
  faults.add(path, `it is no size (it is ${shown(value)})`)
  return Number.NaN
}

function indexOf(named: readonly { name: string }[], list: string, faults: Faults): Map<string, number> {
  const indices = new Map<string, number>()
  for (const [index, { name }] of named.entries()) {
    const first = indices.get(name)
    if (first === undefined) indices.set(name, index)
    else faults.add(`${list}[${index}].name`, `${shown(name)} is the name of ${list}[${first}] too`)
  }
  return indices
}

function noPool(name: string, pools: ReadonlyMap<string, number>): string {
  const names = [...pools.keys()]
  const some = names.slice(0, 5).map(shown).join(', ')
  return `no pool is called ${shown(name)}; there ${names.length === 1 ? 'is' : 'are'} ${some}${names.length > 5 ? ' and more' : ''}`
}

/** The pools with what their volumes take in the beginning. */
function fill(read: readonly ReadPool[], volumes: readonly FleetVolume[], faults: Faults): Pool[] {
  const least = read.map(({ others }) => others.least)
  const most = read.map(({ others }) => others.most)
  for (const { pool, frees } of volumes) {
    least[pool] = (least[pool] ?? 0) + frees.least
    most[pool] = (most[pool] ?? 0) + frees.most
  }
  return read.map(({ pool }, index) => {
    const used = { least: least[index] ?? 0, most: most[index] ?? 0 }
    if (used.least > pool.sizeBytes)
      faults.add(
        `pools[${index}]`,
        `what is in it takes ${used.least} bytes, and it has ${pool.sizeBytes}; correct its size, its used, or its volumes`,
      )
    return { ...pool, used }
  })
}

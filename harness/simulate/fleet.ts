import { z } from 'zod'
import { type Range, type RangeMap, scaled, touched } from '../content/ranges.ts'
import { exactly, inGrains } from '../model/amount.ts'
import { chunksOfDataPercent } from '../model/data_percent.ts'
import { METADATA_BLOCK_BYTES, type PoolMetadata, poolMetadata } from '../model/thin_metadata.ts'
import type { Amount } from '../result/forecast.ts'
import { GiB, KiB, MiB, sizeText } from '../units.ts'
import { allOf, bytesOf, type Content, type Storing } from './copies.ts'
import { type FilePool, type FileVolume, faultsOf, fleetFileSchema, type ReadFile, shown, type Used } from './fleet_file.ts'
import { parseSize } from './size.ts'

/** A pool; sizes in bytes, bandwidth in bytes a second. */
export interface Pool extends Storing {
  readonly name: string
  readonly kind: FilePool['kind']
  /** In whole grains. */
  readonly sizeBytes: number
  readonly claims: unknown
  /** The bytes in use at the beginning, by volumes listed or not. */
  readonly used: Amount
  /** The bytes that a migration to it must leave free. */
  readonly reserveBytes: number
  /** The metadata of a thin pool, and the blocks of it in use at the beginning, if the file gives them. */
  readonly metadata?: (PoolMetadata & { readonly used: Amount }) | undefined
  readonly bandwidth?: number | undefined
}

export interface FleetVolume {
  readonly name: string
  readonly sizeBytes: number
  /** The index of its pool at the beginning. */
  readonly pool: number
  /** The allocated space, in whole grains of its pool. It is assumed to hold data. */
  readonly content: Content
  /** The bytes that its pool gets back when the volume is deleted. */
  readonly frees: Amount
  /** The bytes of its content that it shares with snapshots. */
  readonly sharedBytes: number
}

export interface Migration {
  /** Indices; `to` is a pool's. */
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

const GRAINS: Readonly<Record<Pool['kind'], number>> = { thin: 64 * KiB, thick: 4 * MiB, file: 4 * KiB }
/** dm-thin takes no other sizes. */
const THIN_CHUNK_STEP = 64 * KiB
const MOST_THIN_CHUNK = GiB
/** The block with which Cinder runs dd. */
const DEFAULT_BLOCK = MiB
const MOST_EXTENT_FAULTS = 100

/** Reads a parsed fleet file. Throws UsageError with the place of each fault; `file` is its name for the message. */
export function readFleet(value: unknown, file: string): Fleet {
  const { data, error } = fleetSchema.safeParse(value)
  if (data === undefined) throw faultsOf(value, file, error.issues)
  return data
}

/** Notes a fault at a place below some part of the file. */
type Fault = (message: string, ...path: readonly PropertyKey[]) => void

const fleetSchema = fleetFileSchema.transform((file: ReadFile, ctx): Fleet => {
  const at =
    (...part: readonly PropertyKey[]): Fault =>
    (message, ...path) =>
      ctx.addIssue({ code: 'custom', message, path: [...part, ...path] })
  const pools = file.pools.map((pool, index) => readPool(pool, file.reserve, at('pools', index)))
  const poolIndex = indexOf(file.pools, 'pools', at())
  const volumes = file.volumes.map((volume, index) => readVolume(volume, poolIndex, pools, at('volumes', index)))
  const volumeIndex = indexOf(file.volumes, 'volumes', at())
  if (ctx.issues.length > 0) return z.NEVER
  demandUsedForShares(file.volumes, volumes, pools, at('pools'))
  const places = volumes.map(({ pool }) => pool)
  return {
    pools: fill(pools, volumes, at('pools')),
    volumes,
    migrations: file.migrations.map(({ volume, to, blockSize }, index): Migration => {
      const fault = at('migrations', index)
      const found = { volume: volumeIndex.get(volume), to: poolIndex.get(to) }
      if (found.volume === undefined) fault(`no volume is called ${shown(volume)}`, 'volume')
      if (found.to === undefined) fault(noPool(to, poolIndex), 'to')
      if (found.volume !== undefined && found.to !== undefined) {
        if (places[found.volume] === found.to) fault(`${shown(volume)} is in ${shown(to)} already; leave this migration out`, 'to')
        places[found.volume] = found.to
      }
      return { volume: found.volume ?? 0, to: found.to ?? 0, blockBytes: blockSize ?? file.blockSize ?? DEFAULT_BLOCK }
    }),
  }
})

/** A pool before its volumes are counted in. `others`: in use by volumes that are not listed, in bytes. */
interface PoolWithOthers {
  readonly pool: Omit<Pool, 'used'>
  readonly others: Amount
}

function readPool(file: FilePool, defaultReserve: Used | undefined, fault: Fault): PoolWithOthers {
  const { name, kind, size, chunk, claims, used, reserve, bandwidth } = file
  if (kind === 'thin' && chunk !== undefined && (chunk % THIN_CHUNK_STEP !== 0 || chunk > MOST_THIN_CHUNK))
    fault(`${sizeText(chunk)} is not a chunk size of a thin pool; write a multiple of 64KiB, up to 1GiB`, 'chunk')
  const grainBytes = chunk ?? GRAINS[kind]
  const sizeBytes = Math.floor(size / grainBytes) * grainBytes
  if (sizeBytes === 0) fault(`it is less than one chunk (${grainBytes} bytes)`, 'size')
  return {
    pool: {
      name,
      kind,
      sizeBytes,
      grainBytes,
      whole: kind === 'thick',
      claims,
      bandwidth,
      reserveBytes: bytesOfReserve(reserve ?? defaultReserve, sizeBytes),
      metadata: readMetadata(file, sizeBytes / grainBytes, fault),
    },
    others: used === undefined ? exactly(0) : amountOf(used, sizeBytes, grainBytes),
  }
}

function readMetadata({ name, kind, metadataSize, metadataPercent }: FilePool, dataChunks: number, fault: Fault): Pool['metadata'] {
  if (metadataSize === undefined && metadataPercent === undefined) return undefined
  if (kind !== 'thin') fault(`${shown(name)} is not a thin pool, so it has no metadata`, 'metadataSize')
  if (metadataSize === undefined || metadataPercent === undefined) {
    fault('give metadataSize and metadataPercent together')
    return undefined
  }
  const metadata = poolMetadata(metadataSize, dataChunks)
  const bytes = metadata.blocks * METADATA_BLOCK_BYTES
  return { ...metadata, used: chunksOfDataPercent(metadataPercent, bytes, METADATA_BLOCK_BYTES) }
}

function bytesOfReserve(reserve: Used | undefined, sizeBytes: number): number {
  if (reserve === undefined) return 0
  return Math.min('bytes' in reserve ? reserve.bytes : Math.ceil((sizeBytes * reserve.percent) / 100), sizeBytes)
}

function amountOf(used: Used, sizeBytes: number, grainBytes: number): Amount {
  if ('bytes' in used) return exactly(inGrains(used.bytes, grainBytes))
  const { least, most } = chunksOfDataPercent(used.percent, sizeBytes, grainBytes)
  return { least: least * grainBytes, most: most * grainBytes }
}

function readVolume(
  volume: FileVolume,
  poolIndex: ReadonlyMap<string, number>,
  pools: readonly PoolWithOthers[],
  fault: Fault,
): FleetVolume {
  const { name, size: sizeBytes, shared } = volume
  const index = poolIndex.get(volume.pool)
  const pool = index === undefined ? undefined : pools[index]?.pool
  if (index === undefined || pool === undefined) {
    fault(noPool(volume.pool, poolIndex), 'pool')
    return { name, sizeBytes, pool: 0, content: allOf(sizeBytes, 1), frees: exactly(0), sharedBytes: 0 }
  }
  const content = readContent(volume, pool, fault)
  const taken = pool.whole ? exactly(inGrains(sizeBytes, pool.grainBytes)) : bytesOf(content)
  if (shared === undefined) return { name, sizeBytes, pool: index, content, frees: taken, sharedBytes: 0 }
  if (pool.kind !== 'thin') fault(`${shown(pool.name)} is not a thin pool, so its volumes share nothing`, 'shared')
  else if (shared > taken.most) fault(`${sizeText(shared)} is more than the volume has allocated`, 'shared')
  const frees = { least: Math.max(0, taken.least - shared), most: Math.max(0, taken.most - shared) }
  return { name, sizeBytes, pool: index, content, frees, sharedBytes: shared }
}

function readContent({ size: sizeBytes, extents, dataPercent, mapped }: FileVolume, pool: Omit<Pool, 'used'>, fault: Fault): Content {
  const { grainBytes } = pool
  if ([extents, dataPercent, mapped].filter((given) => given !== undefined).length > 1) fault('give one of extents, dataPercent and mapped')
  if (extents !== undefined) {
    const ranges = readExtents(extents, sizeBytes, fault)
    return { kind: 'mapped', unitBytes: grainBytes, ranges: scaled(touched(ranges, grainBytes), grainBytes) }
  }
  if (dataPercent !== undefined)
    return { kind: 'counted', unitBytes: grainBytes, units: chunksOfDataPercent(dataPercent, sizeBytes, grainBytes) }
  if (mapped !== undefined) {
    if (mapped > inGrains(sizeBytes, grainBytes)) fault(`${sizeText(mapped)} is more than the volume's size`, 'mapped')
    return { kind: 'counted', unitBytes: grainBytes, units: exactly(Math.ceil(mapped / grainBytes)) }
  }
  if (!pool.whole) fault(`${shown(pool.name)} is ${pool.kind}: say what the volume has allocated, by extents, dataPercent or mapped`)
  return allOf(sizeBytes, grainBytes)
}

function readExtents(extents: unknown, sizeBytes: number, fault: Fault): RangeMap<true> {
  if (!Array.isArray(extents)) {
    fault(`it is not a list; write [[offset, length], ...] (it is ${shown(extents)})`, 'extents')
    return []
  }
  const ranges: Range<true>[] = []
  let end = 0
  let faults = 0
  const count: Fault = (message, ...path) => {
    faults++
    fault(message, ...path)
  }
  for (const [index, extent] of extents.entries()) {
    // One wrong size of a volume can make millions of its extents wrong: 3 million took 30 s to report.
    if (faults >= MOST_EXTENT_FAULTS) break
    const [offset, length] = readExtent(extent, index, count)
    if (offset < end) count(`it begins at ${offset}, before the one before it ends (${end})`, 'extents', index)
    if (offset + length > sizeBytes) count(`it ends at ${offset + length}, past the volume's end (${sizeBytes})`, 'extents', index)
    end = Math.max(end, offset + length)
    if (length > 0) ranges.push({ from: offset, to: offset + length, value: true })
  }
  return ranges
}

function readExtent(extent: unknown, index: number, fault: Fault): readonly [number, number] {
  if (!Array.isArray(extent) || extent.length !== 2) {
    fault(`it is not an extent; write [offset, length] (it is ${shown(extent)})`, 'extents', index)
    return [0, 0]
  }
  const [offset = 0, length = 0] = extent.map((value: unknown, part) => {
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
    const parsed = typeof value === 'string' ? parseSize(value) : undefined
    if (parsed?.ok) return parsed.bytes
    fault(
      parsed === undefined ? `it is not a size (it is ${shown(value)})` : `${shown(value)} is not a size: ${parsed.why}`,
      'extents',
      index,
      part,
    )
    return Number.NaN // no comparison with it finds a further fault
  })
  return [offset, length]
}

function indexOf(named: readonly { readonly name: string }[], list: string, fault: Fault): Map<string, number> {
  const indices = new Map<string, number>()
  for (const [index, { name }] of named.entries()) {
    const first = indices.get(name)
    if (first === undefined) indices.set(name, index)
    else fault(`${shown(name)} is the name of ${list}[${first}] too`, list, index, 'name')
  }
  return indices
}

function noPool(name: string, pools: ReadonlyMap<string, number>): string {
  const names = [...pools.keys()]
  const some = names.slice(0, 5).map(shown).join(', ')
  return `no pool is called ${shown(name)}; there ${names.length === 1 ? 'is' : 'are'} ${some}${names.length > 5 ? ' and more' : ''}`
}

/**
 * What a volume shares is counted in the `used` of its pool, so that it is counted once. Several volumes may share the same chunks, so
 * the largest share is all that `used` must hold.
 */
function demandUsedForShares(
  files: readonly FileVolume[],
  volumes: readonly FleetVolume[],
  pools: readonly PoolWithOthers[],
  fault: Fault,
): void {
  const largest = new Map<number, { name: string; shared: number }>()
  for (const [index, { name, shared = 0 }] of files.entries()) {
    const pool = volumes[index]?.pool ?? 0
    if (shared > (largest.get(pool)?.shared ?? 0)) largest.set(pool, { name, shared })
  }
  for (const [index, { name, shared }] of largest) {
    const most = pools[index]?.others.most ?? 0
    if (shared <= most) continue
    const used = most === 0 ? 'it is 0 or missing' : `it is ${sizeText(most)}`
    fault(
      `it must hold what volumes share with their snapshots, because they do not count it themselves: ${shown(name)} shares ${sizeText(shared)}, and ${used}; write at least "${sizeText(shared)}"`,
      index,
      'used',
    )
  }
}

/** The pools with what their volumes take at the beginning. */
function fill(read: readonly PoolWithOthers[], volumes: readonly FleetVolume[], fault: Fault): Pool[] {
  const least = read.map(({ others }) => others.least)
  const most = read.map(({ others }) => others.most)
  for (const { pool, frees } of volumes) {
    least[pool] = (least[pool] ?? 0) + frees.least
    most[pool] = (most[pool] ?? 0) + frees.most
  }
  return read.map(({ pool }, index) => {
    const used = { least: least[index] ?? 0, most: most[index] ?? 0 }
    if (used.least > pool.sizeBytes)
      fault(`what is in it takes ${used.least} bytes, and it has ${pool.sizeBytes}; correct its size, its used, or its volumes`, index)
    return { ...pool, used }
  })
}

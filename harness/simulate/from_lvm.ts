import type { LvmInventory, VolumeRow } from '../block/lvm_inventory.ts'
import type { ThinMap } from '../block/thin_map.ts'
import { intersect, joined, lengthOf, type Range, type RangeMap, toMask } from '../content/ranges.ts'
import { UsageError } from '../errors.ts'
import { inGrains } from '../model/amount.ts'
import { chunksOfDataPercent } from '../model/data_percent.ts'
import type { FleetFile } from './fleet_file.ts'

/** The maps of each pool's volumes by thin device id, for each pool's name in the file: `group/pool`. */
export type PoolMaps = ReadonlyMap<string, ReadonlyMap<number, ThinMap>>

type FilePool = FleetFile['pools'][number]
type FileVolume = FleetFile['volumes'][number]

/**
 * Makes a fleet file's pools and volumes from a machine's LVM. It leaves out the drivers' claims, which LVM does not know. Throws
 * UsageError if a volume is not active, because LVM then does not show its allocation.
 */
export function fleetFromLvm({ volumes, groups }: LvmInventory, maps: PoolMaps = new Map()): Pick<FleetFile, 'pools' | 'volumes'> {
  const pools = volumes.filter(isPool)
  const thin = volumes.filter(({ segtype }) => segtype === 'thin')
  const thick = volumes.filter((row) => !isPool(row) && row.segtype !== 'thin' && row.lv_role.split(',').includes('public'))
  const listed: FileVolume[] = [
    ...pools.flatMap((pool) => {
      const members = thin.filter((row) => row.vg_name === pool.vg_name && row.pool_lv === pool.lv_name)
      const known = maps.get(poolName(pool))
      return known === undefined ? members.map((row) => counted(row, pool)) : mapped(members, pool, known)
    }),
    ...thick.map(({ vg_name, lv_name, lv_size }) => ({ name: `${vg_name}/${lv_name}`, pool: vg_name, size: lv_size })),
  ]
  return {
    pools: [
      ...pools.map((pool): FilePool => {
        const size = Math.floor(pool.lv_size / pool.chunk_size) * pool.chunk_size
        return {
          name: poolName(pool),
          kind: 'thin',
          size,
          chunk: pool.chunk_size,
          used: others(usedOf(pool, maps), poolName(pool), listed, pool.chunk_size),
          ...(pool.metadata_percent !== '' && { metadataSize: pool.lv_metadata_size, metadataPercent: pool.metadata_percent }),
        }
      }),
      ...groups
        .filter(({ vg_size }) => vg_size > 0)
        .map(({ vg_name, vg_size, vg_free, vg_extent_size }): FilePool => {
          const own = thick.filter((row) => row.vg_name === vg_name).reduce((sum, { lv_size }) => sum + lv_size, 0)
          return { name: vg_name, kind: 'thick', size: vg_size, chunk: vg_extent_size, used: Math.max(0, vg_size - vg_free - own) }
        }),
    ],
    volumes: listed,
  }
}

/** The name of a pool in the file; volumes are named in the same way. */
export function poolName({ vg_name, lv_name }: Pick<VolumeRow, 'vg_name' | 'lv_name'>): string {
  return `${vg_name}/${lv_name}`
}

export function isPool({ segtype }: VolumeRow): boolean {
  return segtype === 'thin-pool'
}

function demandActive(row: VolumeRow): void {
  if (row.data_percent !== '') return
  const name = poolName(row)
  throw new UsageError(`${name} is not active, so LVM does not show its allocation: activate it (lvchange -ay -K ${name}), or use --maps`)
}

/** Without a map, the space that snapshots and their origins share is unknown. It is assumed to be all, which frees nothing. */
function counted(row: VolumeRow, pool: VolumeRow): FileVolume {
  const { lv_size, data_percent, lv_role } = row
  const common = { name: poolName(row), pool: poolName(pool), size: lv_size }
  demandActive(row)
  if (!/thinsnapshot|thinorigin/.test(lv_role)) return { ...common, dataPercent: data_percent }
  const bytes = chunksOfDataPercent(Number(data_percent), lv_size, pool.chunk_size).most * pool.chunk_size
  // Data% of a large volume is rounded to more chunks than its pool may have in use.
  const inUse = pool.data_percent === '' ? bytes : Math.min(bytes, usedByPercent(pool))
  return { ...common, mapped: inUse, shared: inUse }
}

function mapped(members: readonly VolumeRow[], pool: VolumeRow, maps: ReadonlyMap<number, ThinMap>): FileVolume[] {
  const { chunk_size: chunk } = pool
  const shared = chunksOf([...maps.values()], 2)
  return members.map((row): FileVolume => {
    const map = maps.get(Number(row.thin_id)) ?? []
    const extents = toMask(map).flatMap(({ from, to }): [number, number][] => {
      const end = Math.min(to * chunk, row.lv_size)
      return from * chunk < end ? [[from * chunk, end - from * chunk]] : []
    })
    const ours = lengthOf(intersect(chunksOf([map], 1), shared)) * chunk
    return { name: poolName(row), pool: poolName(pool), size: row.lv_size, extents, shared: ours > 0 ? ours : undefined }
  })
}

/** The chunks of a pool that at least so many of its volumes map. */
function chunksOf(maps: readonly ThinMap[], volumes: number): RangeMap<true> {
  const edges = maps
    .flatMap((map) =>
      map.flatMap(({ from, to, value }) => [
        { at: from + value, step: 1 },
        { at: to + value, step: -1 },
      ]),
    )
    .toSorted((one, other) => one.at - other.at || one.step - other.step)
  const found: Range<true>[] = []
  let depth = 0
  let since = 0
  for (const { at, step } of edges) {
    if (step === 1 && depth === volumes - 1) since = at
    if (step === -1 && depth === volumes && since < at) found.push({ from: since, to: at, value: true })
    depth += step
  }
  return joined(found)
}

/** The bytes that a pool has in use, by the maps or by its own Data%. */
function usedOf(pool: VolumeRow, maps: PoolMaps): number {
  const known = maps.get(poolName(pool))
  if (known !== undefined) return lengthOf(chunksOf([...known.values()], 1)) * pool.chunk_size
  demandActive(pool)
  return usedByPercent(pool)
}

/** The most bytes that a pool may have in use by its Data%. */
function usedByPercent({ data_percent, lv_size, chunk_size }: VolumeRow): number {
  const size = Math.floor(lv_size / chunk_size) * chunk_size
  return chunksOfDataPercent(Number(data_percent), size, chunk_size).most * chunk_size
}

/** The bytes in use that the listed volumes do not give back when they are deleted. */
function others(used: number, name: string, volumes: readonly FileVolume[], chunk: number): number {
  const members = volumes.filter(({ pool }) => pool === name)
  const freed = members.reduce((sum, volume) => sum + (takenBy(volume, chunk) - Number(volume.shared ?? 0)), 0)
  return members.reduce((most, { shared }) => Math.max(most, Number(shared ?? 0)), Math.max(0, used - freed))
}

function takenBy({ size, extents, dataPercent, mapped: bytes }: FileVolume, chunk: number): number {
  if (Array.isArray(extents)) return extents.reduce<number>((sum, [, length]: [number, number]) => sum + inGrains(length, chunk), 0)
  if (bytes !== undefined) return Number(bytes)
  return chunksOfDataPercent(Number(dataPercent ?? 0), Number(size), chunk).most * chunk
}

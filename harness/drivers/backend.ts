import type { Lvm } from '../block/lvm.ts'
import { dmName, isThin, isThinPool, parseStatus, parseThinIds } from '../block/status.ts'
import { readThinMaps, type ThinMap } from '../block/thin_map.ts'
import { cover, scaled } from '../content/ranges.ts'
import type { Lab } from '../lab/lab.ts'
import { runOrThrow } from '../machine/machine.ts'
import { type BuiltInDriver, overriding, type VolumeDriver } from '../protocol/driver.ts'
import type { LvRow, Space } from '../result/evidence.ts'
import { type BackendOptions, type BuiltIn, builtIn, type Storage } from './built_in.ts'

type HonestName = keyof typeof builtIn
/** A built-in driver, or its liar: the same but for the opposite claim. */
export type DriverName = HonestName | `liar/${HonestName}`

const LIAR = /^liar\//
/** The built-in drivers that claim what is so. */
export const honestNames = Object.keys(builtIn) as HonestName[]
/** All that can be named: the honest ones and their liars. */
export const driverNames: readonly DriverName[] = [...honestNames, ...honestNames.map((name): DriverName => `liar/${name}`)]
/** The drivers between which the matrix of `scripts/verify` migrates. */
export const matrixDrivers = ['lvm-thin', 'lvm-thick', 'nfs', 'nfs-prealloc'] as const satisfies readonly DriverName[]
export type MatrixDriver = (typeof matrixDrivers)[number]

/** What each driver claims. */
export const claims: Readonly<Record<DriverName, boolean>> = Object.fromEntries(
  driverNames.map((name) => [name, isLiar(name) !== definitionOf(name).claim]),
) as Record<DriverName, boolean>

/** What a driver is and what it would claim if it were honest. */
export function definitionOf(name: DriverName): BuiltIn {
  return builtIn[name.replace(LIAR, '') as HonestName]
}

function isLiar(name: DriverName): boolean {
  return LIAR.test(name)
}

/** A driver with the storage it was given. */
export interface StorageBackend extends Omit<Storage, 'open'> {
  readonly name: string
  readonly kind: DriverName
  readonly driver: VolumeDriver
  /** A new driver over the same storage, as after a restart of the driver's process. */
  reopen(): VolumeDriver
}

/** Makes a backend on poisoned storage. */
export async function createBackend(lab: Lab, kind: DriverName, name: string, options: BackendOptions): Promise<StorageBackend> {
  const { open, ...storage } = await definitionOf(kind).make(lab, name, options)
  const reopen = () => claiming(open(), claims[kind])
  return { ...storage, name, kind, driver: reopen(), reopen }
}

/** The only place where a claim is made, by an honest driver and by a liar. */
function claiming(driver: BuiltInDriver, claim: boolean): VolumeDriver {
  return overriding(driver, { getCapabilities: async () => ({ ...(await driver.getCapabilities()), sparse_copy_volume: claim }) })
}

/** One look at all storage: LVM's table and the kernel's figures, taken together so that one command each suffices. */
export interface StorageSnapshot {
  readonly rows: readonly LvRow[]
  spaceOf(backend: StorageBackend, volume: string): Promise<Space>
}

export async function inspectStorage(lab: Lab, lvm: Lvm, backends: readonly StorageBackend[]): Promise<StorageSnapshot> {
  const groups = backends.flatMap(({ group }) => group ?? [])
  const rows = groups.length === 0 ? [] : await lvm.volumes(lab, groups)
  const status = groups.length === 0 ? new Map() : parseStatus(await runOrThrow(lab, ['dmsetup', 'status']))
  const mapOf = async (device: string, poolDevice: string): Promise<ThinMap> => {
    const id = parseThinIds(await runOrThrow(lab, ['dmsetup', 'table'])).get(device)
    if (id === undefined) throw new Error(`dmsetup table: ${device} is no thin device`)
    return (await readThinMaps(lab, poolDevice)).get(id) ?? []
  }
  return {
    rows,
    spaceOf: async ({ group, fileOf, sizeOf }, volume) => {
      if (fileOf !== undefined) {
        const { sizeBytes, allocatedBytes } = await lab.helper.measure(fileOf(volume))
        const size = (await sizeOf?.(volume)) ?? sizeBytes
        return { mappedBytes: allocatedBytes, dataPercent: ((100 * allocatedBytes) / size).toFixed(2) }
      }
      const row = rows.find(({ vg_name, lv_name }) => vg_name === group && lv_name === volume)
      const device = status.get(dmName(group ?? '', volume))
      if (row === undefined || device === undefined) throw new Error(`no logical volume ${group}/${volume}`)
      if (!isThin(device)) return { mappedBytes: device.sectors * 512, dataPercent: row.data_percent }
      const poolDevice = dmName(row.vg_name, row.pool_lv)
      const pool = status.get(`${poolDevice}-tpool`)
      const poolRow = rows.find(({ vg_name, lv_name }) => vg_name === group && lv_name === row.pool_lv)
      if (!isThinPool(pool) || poolRow === undefined) throw new Error(`${group}/${volume} is no thin volume in a pool`)
      const chunkBytes = (pool.sectors * 512) / pool.totalDataBlocks
      return {
        mappedBytes: device.mappedSectors * 512,
        mapped: scaled(cover(await mapOf(dmName(row.vg_name, volume), poolDevice)), chunkBytes),
        dataPercent: row.data_percent,
        pool: {
          usedBytes: pool.usedDataBlocks * chunkBytes,
          totalBytes: pool.totalDataBlocks * chunkBytes,
          dataPercent: poolRow.data_percent,
        },
      }
    },
  }
}

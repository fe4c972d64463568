import type { Lvm, LvRow } from '../block/lvm.ts'
import { dmName, isThin, isThinPool, parseStatus } from '../block/status.ts'
import type { Lab } from '../lab/lab.ts'
import { check } from '../machine/machine.ts'
import type { Mover } from '../movers/mover.ts'
import type { VolumeDriver } from './driver.ts'
import { createLvmBackend } from './lvm/driver.ts'
import { NfsDriver } from './nfs/driver.ts'
import type { NfsServer } from './nfs/server.ts'

/** The built-in drivers. */
export const driverNames = ['lvm-thin', 'lvm-thick', 'nfs', 'nfs-prealloc'] as const
/** Those that scripts/verify migrates between. */
export const matrixDrivers = driverNames
export type DriverName = (typeof driverNames)[number]

/** How much of the storage a volume and its pool take. */
export interface Space {
  /** Bytes of the volume that have storage: exact mapped sectors of a thin volume, allocated bytes of a file. */
  readonly mappedBytes: number
  /** LVM's own Data% of the volume; for a file the same figure, computed; empty for a thick volume, as in `lvs`. */
  readonly dataPercent: string
  /** The thin pool's share; absent where there is no pool. */
  readonly pool?: { readonly usedBytes: number; readonly totalBytes: number; readonly dataPercent: string }
}

/** A driver with the storage it was given. */
export interface StorageBackend {
  readonly name: string
  readonly kind: DriverName
  readonly driver: VolumeDriver
  /** A new driver over the same storage, as after a restart of its process. */
  reopen(): VolumeDriver
  /** The volume group, for LVM. */
  readonly group?: string
  /** The file of a volume, for drivers whose volumes are files. */
  readonly fileOf?: (volume: string) => string
  /** For storage behind a cache that direct reads do not pass by. */
  readonly dropCache?: (volume: string) => Promise<void>
}

export interface BackendOptions {
  readonly lvm: Lvm
  readonly mover: Mover
  /** Starts the machine's NFS server, or gives the one that runs. */
  readonly nfs: () => Promise<NfsServer>
  /** The storage that the backend must hold, in bytes. */
  readonly dataBytes: number
  /** How much of LVM's storage is poisoned, from the start; default all. */
  readonly poisonBytes?: number
}

/** Makes a backend on poisoned storage. */
export async function createBackend(lab: Lab, kind: DriverName, name: string, options: BackendOptions): Promise<StorageBackend> {
  if (kind === 'nfs' || kind === 'nfs-prealloc') {
    const driver = new NfsDriver(lab, await options.nfs(), name, kind === 'nfs' ? 'sparse' : 'preallocated')
    await lab.own(
      `the folder of ${name}`,
      () => driver.open(),
      () => driver.remove(),
    )
    return {
      name,
      kind,
      driver,
      reopen: () => driver,
      fileOf: (volume) => driver.fileOf(volume),
      dropCache: (volume) => driver.dropCache(volume),
    }
  }
  const type = kind === 'lvm-thin' ? 'thin' : 'default'
  const { driver, group } = await createLvmBackend(lab, options.lvm, name, type, options)
  return { name, kind, driver, reopen: () => driver, group: group.name }
}

/** One look at all storage: LVM's table and the kernel's figures, taken together so that one command each suffices. */
export interface Look {
  readonly rows: readonly LvRow[]
  spaceOf(backend: StorageBackend, volume: string): Promise<Space>
}

export async function lookAt(lab: Lab, lvm: Lvm, backends: readonly StorageBackend[]): Promise<Look> {
  const groups = backends.flatMap(({ group }) => group ?? [])
  const rows = groups.length === 0 ? [] : await lvm.volumes(lab, groups)
  const status = groups.length === 0 ? new Map() : parseStatus(await check(lab, ['dmsetup', 'status']))
  return {
    rows,
    spaceOf: async ({ group, fileOf, kind }, volume) => {
      if (fileOf !== undefined) {
        const { sizeBytes, allocatedBytes } = await lab.inside.measure(fileOf(volume))
        return { mappedBytes: allocatedBytes, dataPercent: ((100 * allocatedBytes) / sizeBytes).toFixed(2) }
      }
      const row = rows.find(({ vg_name, lv_name }) => vg_name === group && lv_name === volume)
      const device = status.get(dmName(group ?? '', volume))
      if (row === undefined || device === undefined) throw new Error(`no logical volume ${group}/${volume}`)
      if (kind !== 'lvm-thin') return { mappedBytes: device.sectors * 512, dataPercent: row.data_percent }
      const pool = status.get(`${dmName(row.vg_name, row.pool_lv)}-tpool`)
      const poolRow = rows.find(({ vg_name, lv_name }) => vg_name === group && lv_name === row.pool_lv)
      if (!isThin(device) || !isThinPool(pool) || poolRow === undefined) throw new Error(`${group}/${volume} is no thin volume in a pool`)
      const chunkBytes = (pool.sectors * 512) / pool.totalDataBlocks
      return {
        mappedBytes: device.mappedSectors * 512,
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

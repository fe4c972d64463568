import type { Lvm } from '../block/lvm.ts'
import { StorageUsage } from '../block/usage.ts'
import type { Lab } from '../lab/lab.ts'
import { type BuiltInDriver, overriding, type VolumeDriver } from '../protocol/driver.ts'
import type { LvRow, Space } from '../result/evidence.ts'
import { type BackendSize, type BuiltIn, builtIn, type SharedStorage, type Storage } from './built_in.ts'

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

/** The claim of each driver. */
export const claims: Readonly<Record<DriverName, boolean>> = Object.fromEntries(
  driverNames.map((name) => [name, isLiar(name) !== definitionOf(name).claim]),
) as Record<DriverName, boolean>

/** The definition of a driver, with the claim that it would make if it were honest. */
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
export async function createBackend(
  lab: Lab,
  kind: DriverName,
  name: string,
  size: BackendSize,
  shared: SharedStorage,
): Promise<StorageBackend> {
  const { open, ...storage } = await definitionOf(kind).make(lab, name, size, shared)
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
  const listed = groups.length === 0 ? [] : await lvm.volumes(lab, groups)
  // LVM sorts by the names of groups, which differ from run to run.
  const rows = groups.flatMap((group) => listed.filter(({ vg_name }) => vg_name === group))
  const usage = groups.length === 0 ? undefined : await StorageUsage.read(lab)
  const rowOf = (group: string | undefined, volume: string) => {
    const row = rows.find(({ vg_name, lv_name }) => vg_name === group && lv_name === volume)
    if (row === undefined) throw new Error(`there is no logical volume ${group}/${volume}`)
    return row
  }
  return {
    rows,
    spaceOf: async ({ group, fileOf, sizeOf }, volume) => {
      if (fileOf !== undefined) {
        const { sizeBytes, allocatedBytes } = await lab.helper.measure(fileOf(volume))
        const size = (await sizeOf?.(volume)) ?? sizeBytes
        return { mappedBytes: allocatedBytes, dataPercent: ((100 * allocatedBytes) / size).toFixed(2) }
      }
      if (group === undefined || usage === undefined) throw new Error(`${volume} is neither a file nor a logical volume`)
      const { pool_lv: pool, data_percent: dataPercent } = rowOf(group, volume)
      const { mappedBytes, thin } = await usage.of({ group, name: volume, ...(pool !== '' && { pool }) })
      if (thin === undefined) return { mappedBytes, dataPercent }
      const { mapped, poolUsedBytes: usedBytes, poolTotalBytes: totalBytes } = thin
      return { mappedBytes, mapped, dataPercent, pool: { usedBytes, totalBytes, dataPercent: rowOf(group, pool).data_percent } }
    },
  }
}

import type { Lvm } from '../../block/lvm.ts'
import { createThinPool, POOL_METADATA_BYTES } from '../../block/thin_pool.ts'
import { createVolumeGroup, EXTENT_BYTES, type VolumeGroup } from '../../block/volume_group.ts'
import type { Lab } from '../../lab/lab.ts'
import { messageOf } from '../../machine/errors.ts'
import { check } from '../../machine/machine.ts'
import type { Mover } from '../../movers/mover.ts'
import type { MigrationTarget, VolumeDriver } from '../driver.ts'

export type LvmType = 'thin' | 'default'

export interface LvmBackend {
  readonly driver: VolumeDriver
  readonly group: VolumeGroup
}

export interface LvmBackendOptions {
  readonly dataBytes: number
  /** How much of the storage is poisoned, from the start; default all. */
  readonly poisonBytes?: number
  readonly mover: Mover
}

/** Cinder's name for the pool of a volume group. */
export function poolName(group: string): string {
  return `${group}-pool`
}

/**
 * Makes a backend of Cinder's LVM driver: a volume group on poisoned storage with `dataBytes` for volumes, thin or thick, and
 * its driver. Thin claims `sparse_copy_volume`, thick does not.
 */
export async function createLvmBackend(
  lab: Lab,
  lvm: Lvm,
  name: string,
  type: LvmType,
  { dataBytes, poisonBytes, mover }: LvmBackendOptions,
): Promise<LvmBackend> {
  const sizeBytes = Math.ceil(dataBytes / EXTENT_BYTES) * EXTENT_BYTES
  const overhead = type === 'thin' ? 2 * POOL_METADATA_BYTES : 0
  const group = await createVolumeGroup(lab, lvm, name, sizeBytes + overhead, poisonBytes)
  if (type === 'thin') await createThinPool(group, poolName(name), { sizeBytes })
  return { driver: new LvmDriver(group, type, mover), group }
}

class LvmDriver implements VolumeDriver {
  private readonly group: VolumeGroup
  private readonly type: LvmType
  private readonly mover: Mover

  constructor(group: VolumeGroup, type: LvmType, mover: Mover) {
    this.group = group
    this.type = type
    this.mover = mover
  }

  async getCapabilities(): Promise<unknown> {
    return {
      volume_backend_name: this.group.name,
      vendor_name: 'Open Source',
      driver_version: '3.0.0',
      storage_protocol: 'local',
      location_info: locationInfo(this.group, this.type),
      thin_provisioning_support: this.type === 'thin',
      sparse_copy_volume: this.type === 'thin',
    }
  }

  createVolume(name: string, sizeBytes: number): Promise<void> {
    return createVolumeIn(this.group, this.group.name, this.type, name, sizeBytes)
  }

  async deleteVolume(name: string): Promise<void> {
    await this.group.lvm.run(this.group.lab, ['lvremove', '--quiet', '--yes', `${this.group.name}/${name}`])
  }

  async attachVolume(name: string): Promise<string> {
    const path = devicePath(this.group.name, name)
    await this.group.lab.inside.measure(path)
    return path
  }

  async detachVolume(): Promise<void> {}

  async migrateVolume(name: string, { locationInfo: where, copyMode }: MigrationTarget): Promise<boolean> {
    const { lab } = this.group
    const target = parseLocation(where)
    if (target === undefined || target.machine !== lab.machine.name || target.group === this.group.name) return false
    const from = devicePath(this.group.name, name)
    const bytes = Number(await check(lab, ['blockdev', '--getsize64', from]))
    const arrival = devicePath(target.group, name)
    await createVolumeIn(this.group, target.group, target.type, name, bytes)
    try {
      await this.mover(lab, { from, to: arrival, bytes, mode: copyMode })
      await this.deleteVolume(name)
    } catch (error) {
      // lvremove may have failed after its work was done: then the arrival is the only copy.
      if (await lab.inside.measure(from).catch(() => undefined)) await this.removeArrival(`${target.group}/${name}`, error)
      throw error
    }
    return true
  }

  private async removeArrival(volume: string, first: unknown): Promise<void> {
    try {
      await this.group.lvm.run(this.group.lab, ['lvremove', '--quiet', '--yes', volume])
    } catch (second) {
      throw new AggregateError([first, second], `${messageOf(first)}; and ${volume} could not be removed: ${messageOf(second)}`)
    }
  }

  async updateMigratedVolume(name: string, newName: string): Promise<void> {
    await this.group.lvm.run(this.group.lab, ['lvrename', '--quiet', this.group.name, name, newName])
  }
}

async function createVolumeIn({ lab, lvm }: VolumeGroup, group: string, type: LvmType, name: string, sizeBytes: number): Promise<void> {
  await lvm.run(lab, [
    ...['lvcreate', '--quiet', '--yes', '--name', name],
    ...(type === 'thin'
      ? ['--type', 'thin', '--virtualsize', `${sizeBytes}b`, '--thinpool', poolName(group)]
      : ['--size', `${sizeBytes}b`]),
    group,
  ])
}

function devicePath(group: string, name: string): string {
  return `/dev/${group}/${name}`
}

/** Cinder's form: LVMVolumeDriver:host:volume group:LVM type:zeroing of the pool. */
function locationInfo({ name, lab }: VolumeGroup, type: LvmType): string {
  return `LVMVolumeDriver:${lab.machine.name}:${name}:${type}:0`
}

function parseLocation(text: unknown): { machine: string; group: string; type: LvmType } | undefined {
  if (typeof text !== 'string') return undefined
  const [driver, machine, group, type] = text.split(':')
  if (driver !== 'LVMVolumeDriver' || machine === undefined || group === undefined) return undefined
  return type === 'thin' || type === 'default' ? { machine, group, type } : undefined
}

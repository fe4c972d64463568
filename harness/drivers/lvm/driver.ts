import type { KeptGroups } from '../../block/kept_groups.ts'
import { createLogicalVolume, SNAPSHOT_MODULES } from '../../block/logical_volume.ts'
import type { Lvm } from '../../block/lvm.ts'
import type { ThinPoolOptions } from '../../block/thin_pool.ts'
import { mappedBytesOf } from '../../block/usage.ts'
import { createVolumeGroup, devicePath, EXTENT_BYTES, type VolumeGroup, type VolumeGroupOptions } from '../../block/volume_group.ts'
import { messageOf } from '../../errors.ts'
import type { Lab } from '../../lab/lab.ts'
import { runOrThrow } from '../../machine/machine.ts'
import { dd } from '../../movers/dd.ts'
import { copyVolume, type Mover } from '../../movers/mover.ts'
import type { BuiltInDriver, CapabilityReport, MigrationTarget } from '../../protocol/driver.ts'
import { createPoolAndOrigin, isLvmType, type LvmKind, type LvmType, lvmKind, overheadBytes, poolName } from './kinds.ts'

/** Makes the storage of a backend of Cinder's LVM driver: a volume group on poisoned storage with `dataBytes` for volumes. */
export async function createLvmStorage(
  lab: Lab,
  { lvm, groups }: { readonly lvm: Lvm; readonly groups?: KeptGroups },
  name: string,
  type: LvmType,
  {
    dataBytes,
    poisonBytes,
    cover,
    errorWhenFull,
  }: Pick<VolumeGroupOptions, 'dataBytes' | 'poisonBytes' | 'cover'> & Pick<ThinPoolOptions, 'errorWhenFull'>,
): Promise<VolumeGroup> {
  const kind = lvmKind(type)
  const sizeBytes = Math.ceil(dataBytes / EXTENT_BYTES) * EXTENT_BYTES
  if (kind.modules !== undefined) await lab.machine.loadModules(kind.modules)
  const make = async (owner: Lab, name: string) => {
    const group = await createVolumeGroup(owner, lvm, name, {
      dataBytes: sizeBytes + overheadBytes(kind),
      ...(poisonBytes !== undefined && { poisonBytes }),
      ...(kind.devices !== undefined && { devices: kind.devices }),
      ...(cover !== undefined && { cover }),
    })
    await createPoolAndOrigin(group, kind, sizeBytes, errorWhenFull)
    return group
  }
  // A base shares chunks with the volumes made of it, so it cannot stay when they are poisoned.
  const isSound = cover === undefined && errorWhenFull !== true
  const canBeKept = isSound && kind.base === undefined && (poisonBytes ?? Number.MAX_SAFE_INTEGER) >= sizeBytes + overheadBytes(kind)
  if (groups === undefined || !canBeKept) return make(lab, name)
  // Reports know a source by the name of its group.
  const role = name.slice(lab.prefix.length + 1).replace(/\d+$/, '')
  return groups.borrow(lab, {
    key: `${role} ${type} ${sizeBytes}`,
    make: (owner) => make(owner, owner.name(role)),
    ...(kind.pool !== undefined && { pool: poolName }),
  })
}

/** Cinder's LVM driver. The kind of its group decides how it works, and that group is all it knows. */
export class LvmDriver implements BuiltInDriver {
  private readonly group: VolumeGroup
  private readonly type: LvmType
  private readonly kind: LvmKind
  private readonly mover: Mover

  constructor(group: VolumeGroup, type: LvmType, mover: Mover) {
    this.group = group
    this.type = type
    this.kind = lvmKind(type)
    this.mover = mover
  }

  async getCapabilities(): Promise<CapabilityReport> {
    return {
      volume_backend_name: this.group.name,
      vendor_name: 'Open Source',
      driver_version: '3.0.0',
      storage_protocol: 'local',
      location_info: locationInfo(this.group, this.type),
      thin_provisioning_support: this.kind.pool !== undefined,
    }
  }

  createVolume(name: string, sizeBytes: number): Promise<void> {
    return createVolumeIn(this.group, this.group.name, this.type, name, sizeBytes)
  }

  async deleteVolume(name: string): Promise<void> {
    const { clearBytes } = this.kind
    if (clearBytes !== undefined) await this.clear(name, clearBytes)
    await this.remove(`${this.group.name}/${name}`)
  }

  async attachVolume(name: string): Promise<string> {
    const path = devicePath(this.group.name, name)
    await this.group.lab.helper.measure(path)
    return path
  }

  async detachVolume(): Promise<void> {}

  async migrateVolume(name: string, { locationInfo: where, copyMode, sizeBytes }: MigrationTarget): Promise<boolean> {
    const { lab } = this.group
    const target = parseLocation(where)
    if (target === undefined || target.machine !== lab.machine.name || target.group === this.group.name) return false
    const from = devicePath(this.group.name, name)
    const arrival = devicePath(target.group, name)
    await createVolumeIn(this.group, target.group, target.type, name, sizeBytes)
    try {
      // A pool after a crash may hand out a volume that LVM has lost.
      const isNew = ((await mappedBytesOf(lab, arrival)) ?? 0) === 0
      await copyVolume(lab, this.mover, { from, to: arrival, bytes: sizeBytes, mode: isNew ? copyMode : 'full' })
      await this.deleteVolume(name)
    } catch (error) {
      // lvremove may have failed after its work was done: then the arrival is the only copy.
      if (await lab.helper.measure(from).catch(() => undefined)) await removeAfter(this.group, `${target.group}/${name}`, error)
      throw error
    }
    return true
  }

  async updateMigratedVolume(name: string, newName: string): Promise<void> {
    await this.group.run(['lvrename', '--quiet', this.group.name, name, newName])
  }

  extendVolume(name: string, newSizeBytes: number): Promise<void> {
    return extendVolumeIn(this.group, this.group.name, this.kind, name, newSizeBytes)
  }

  /** A thin snapshot, or one of the old kind with room for all of the volume. */
  async createSnapshot(name: string, volume: string): Promise<void> {
    const room = this.kind.pool === undefined ? ['--extents', '100%ORIGIN'] : []
    await this.snapshot(escaped(name), volume, room)
  }

  async deleteSnapshot(name: string): Promise<void> {
    await this.remove(`${this.group.name}/${escaped(name)}`)
  }

  async createVolumeFromSnapshot(name: string, sizeBytes: number, snapshot: string): Promise<void> {
    if (this.kind.pool === undefined) await this.createCopy(name, sizeBytes, escaped(snapshot))
    else await this.createThinSnapshotOf(name, sizeBytes, escaped(snapshot))
  }

  async createClonedVolume(name: string, sizeBytes: number, source: string): Promise<void> {
    if (this.kind.pool !== undefined) return this.createThinSnapshotOf(name, sizeBytes, source)
    const snapshot = `${name}-source`
    await this.createSnapshot(snapshot, source)
    try {
      await this.createCopy(name, sizeBytes, escaped(snapshot))
    } finally {
      await this.deleteSnapshot(snapshot)
    }
  }

  /** A snapshot's own activation is skipped by default; a volume's is not. */
  private async createThinSnapshotOf(name: string, sizeBytes: number, origin: string): Promise<void> {
    await this.snapshot(name, origin, ['--setactivationskip', 'n'])
    const bytes = this.kind.sizeFor?.(sizeBytes) ?? sizeBytes
    if (bytes > (await this.sizeOf(name))) await this.extendVolume(name, sizeBytes)
  }

  private async snapshot(name: string, origin: string, options: readonly string[]): Promise<void> {
    await this.group.lab.machine.loadModules(SNAPSHOT_MODULES)
    await this.group.run(['lvcreate', '--quiet', '--yes', '--snapshot', '--name', name, ...options, `${this.group.name}/${origin}`])
  }

  /** Copies as Cinder does: all of the source, and nothing past its end. */
  private async createCopy(name: string, sizeBytes: number, source: string): Promise<void> {
    const bytes = await this.sizeOf(source)
    await this.createVolume(name, sizeBytes)
    const path = (volume: string) => devicePath(this.group.name, volume)
    try {
      await dd(this.group.lab, { from: path(source), to: path(name), bytes, mode: 'full' })
    } catch (error) {
      await removeAfter(this.group, `${this.group.name}/${name}`, error)
      throw error
    }
  }

  private async clear(name: string, mostBytes: number): Promise<void> {
    const bytes = Math.min(await this.sizeOf(name), mostBytes)
    const { lab, name: group } = this.group
    await runOrThrow(lab, [
      'dd',
      'if=/dev/zero',
      `of=${devicePath(group, name)}`,
      'bs=1M',
      `count=${bytes}`,
      'iflag=count_bytes',
      'oflag=direct',
    ])
  }

  private async sizeOf(volume: string): Promise<number> {
    const { sizeBytes } = await this.group.lab.helper.measure(devicePath(this.group.name, volume))
    return sizeBytes
  }

  private async remove(volume: string): Promise<void> {
    await this.group.run(['lvremove', '--quiet', '--yes', volume])
  }
}

/** Makes a volume in any group of this machine, in the way of that group. A volume that did not get its size is removed again. */
async function createVolumeIn(from: VolumeGroup, group: string, type: LvmType, name: string, sizeBytes: number): Promise<void> {
  const kind = lvmKind(type)
  const bytes = kind.sizeFor?.(sizeBytes) ?? sizeBytes
  await createLogicalVolume(from, name, kind.create(group, bytes))
  if (kind.base === undefined) return
  try {
    const made = await from.lab.helper.measure(devicePath(group, name))
    if (bytes > made.sizeBytes) await extendVolumeIn(from, group, kind, name, sizeBytes)
  } catch (error) {
    await removeAfter(from, `${group}/${name}`, error)
    throw error
  }
}

async function extendVolumeIn(from: VolumeGroup, group: string, { sizeFor }: LvmKind, name: string, sizeBytes: number): Promise<void> {
  await from.run(['lvextend', '--quiet', '--size', `${sizeFor?.(sizeBytes) ?? sizeBytes}b`, `${group}/${name}`])
}

/** Removes what a failure left; throws only when that fails too. */
async function removeAfter(group: VolumeGroup, volume: string, first: unknown): Promise<void> {
  try {
    await group.run(['lvremove', '--quiet', '--yes', volume])
  } catch (second) {
    throw new AggregateError([first, second], `${messageOf(first)}; and ${volume} could not be removed: ${messageOf(second)}`)
  }
}

/** LVM keeps names that begin with "snapshot" to itself; Cinder's way around it. */
function escaped(snapshot: string): string {
  return snapshot.startsWith('snapshot') ? `_${snapshot}` : snapshot
}

/** Cinder's form: LVMVolumeDriver:host:volume group:LVM type:zeroing of the pool. */
function locationInfo({ name, lab }: VolumeGroup, type: LvmType): string {
  return `LVMVolumeDriver:${lab.machine.name}:${name}:${type}:0`
}

function parseLocation(text: unknown): { machine: string; group: string; type: LvmType } | undefined {
  if (typeof text !== 'string') return undefined
  const [driver, machine, group, type] = text.split(':')
  if (driver !== 'LVMVolumeDriver' || machine === undefined || group === undefined) return undefined
  return isLvmType(type) ? { machine, group, type } : undefined
}

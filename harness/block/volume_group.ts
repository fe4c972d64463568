import type { Lab } from '../lab/lab.ts'
import { MiB } from '../units.ts'
import { removeDeviceFolders } from './device_folders.ts'
import type { CoverDevice } from './faulty_device.ts'
import { poisonedLoop } from './loop.ts'
import type { Lvm } from './lvm.ts'

export const EXTENT_BYTES = 4 * MiB
/** LVM's label and metadata at the start of a physical volume. */
const LABEL_BYTES = MiB
/** The same, rounded up to an extent. */
const METADATA_BYTES = EXTENT_BYTES

/** A volume group on poisoned loop devices of the lab. */
export interface VolumeGroup {
  readonly name: string
  readonly lab: Lab
  /** The paths of its devices. */
  readonly devices: readonly string[]
  /** Runs an LVM command, which must exit with 0, and returns its standard output. */
  run(argv: readonly string[]): Promise<string>
}

/** The path of a logical volume's device. */
export function devicePath(group: string, volume: string): string {
  return `/dev/${group}/${volume}`
}

export interface VolumeGroupOptions {
  /** The room of each device, rounded up to extents of 4 MiB. */
  readonly dataBytes: number
  /** How much of each device is poisoned, from the start; default all. */
  readonly poisonBytes?: number
  /** How many devices the group has; default 1. */
  readonly devices?: number
  /** What each device is covered with. */
  readonly cover?: CoverDevice
}

export async function createVolumeGroup(
  lab: Lab,
  lvm: Lvm,
  name: string,
  { dataBytes, poisonBytes, devices: count = 1, cover }: VolumeGroupOptions,
): Promise<VolumeGroup> {
  const run = (argv: readonly string[]) => lvm.run(lab, argv)
  const size = Math.ceil(dataBytes / EXTENT_BYTES) * EXTENT_BYTES + METADATA_BYTES
  const devices: string[] = []
  for (let index = 0; index < count; index++) {
    const loop = await poisonedLoop(lab, index === 0 ? name : `${name}_${index}`, size, poisonBytes)
    devices.push(cover === undefined ? loop : await cover(lab, `${name}_cover${index}`, loop))
  }
  let created = false
  await lab.own(
    `the volume group ${name}`,
    async () => {
      for (const device of devices) await lvm.admit(device)
      await run(['vgcreate', '--quiet', '--yes', '--dataalignment', `${LABEL_BYTES}b`, name, ...devices])
      created = true
    },
    async () => {
      // A creation that was cut short may have made the group all the same.
      const exists = created || (await lvm.groups(lab)).includes(name)
      if (exists) await run(['vgremove', '--quiet', '--force', '--force', '--yes', name])
      // A command that was killed leaves links to volumes that the group does not know.
      await removeDeviceFolders(lab, name)
      for (const device of devices) await lvm.dismiss(device)
    },
  )
  return { name, lab, devices, run }
}

/** The storage of a group that its volumes can reach: from a byte of each of these devices to its end. */
export interface VolumeArea {
  readonly devices: readonly string[]
  readonly from: number
}

export function areaOf({ devices }: VolumeGroup): VolumeArea {
  return { devices, from: LABEL_BYTES }
}

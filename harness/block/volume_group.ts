import type { Lab } from '../lab/lab.ts'
import { poisonedLoop } from './loop.ts'
import type { Lvm } from './lvm.ts'

export const EXTENT_BYTES = 4 * 1024 ** 2
/** LVM's label and metadata at the start of a physical volume, rounded up to an extent. */
const METADATA_BYTES = EXTENT_BYTES

/** A volume group on one poisoned loop device of the lab. */
export interface VolumeGroup {
  readonly name: string
  readonly lab: Lab
  readonly lvm: Lvm
}

/** Makes a volume group with room for `dataBytes` (rounded up to extents of 4 MiB). */
export async function createVolumeGroup(lab: Lab, lvm: Lvm, name: string, dataBytes: number, poisonBytes?: number): Promise<VolumeGroup> {
  const size = Math.ceil(dataBytes / EXTENT_BYTES) * EXTENT_BYTES + METADATA_BYTES
  const device = await poisonedLoop(lab, name, size, poisonBytes)
  let created = false
  await lab.own(
    `the volume group ${name}`,
    async () => {
      await lvm.admit(device)
      await lvm.run(lab, ['vgcreate', '--quiet', '--yes', name, device])
      created = true
    },
    async () => {
      // A creation that was cut short may have made the group all the same.
      const exists = created || (await lvm.run(lab, ['vgs', '--noheadings', '-o', 'vg_name'])).split(/\s+/).includes(name)
      if (exists) await lvm.run(lab, ['vgremove', '--quiet', '--force', '--force', '--yes', name])
      await lvm.dismiss(device)
    },
  )
  return { name, lab, lvm }
}

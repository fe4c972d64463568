import { BrokenLab } from '../errors.ts'
import { KeptStorage, type Recipe } from '../lab/kept_storage.ts'
import type { Lab } from '../lab/lab.ts'
import type { Lvm } from './lvm.ts'
import { dmName } from './status.ts'
import { StorageUsage } from './usage.ts'
import { areaOf, type VolumeArea, type VolumeGroup } from './volume_group.ts'

export interface GroupRecipe extends Recipe<VolumeGroup> {
  /** The thin pool that belongs to the group and stays. Everything else is removed. */
  readonly pool?: (group: string) => string
}

/**
 * Volume groups that labs borrow one after the other. A lab gets a group in which no volume is, whose pool has no chunk mapped, and
 * whose storage was read and holds poison in every page.
 */
export class KeptGroups extends KeptStorage<VolumeGroup, GroupRecipe> {
  private readonly lvm: Lvm

  constructor(owner: Lab, lvm: Lvm) {
    super(owner)
    this.lvm = lvm
  }

  protected describe({ name }: VolumeGroup): string {
    return `the volume group ${name}`
  }

  /** Removes the volumes and poisons what they have written to. */
  protected async renew(lab: Lab, group: VolumeGroup, { pool }: GroupRecipe): Promise<void> {
    const which = pool === undefined ? [] : ['--select', 'segtype=thin']
    await this.lvm.run(lab, ['lvremove', '--quiet', '--yes', ...which, group.name])
    const { devices, from } = areaWith(group, pool)
    for (const device of devices) await lab.helper.repoison(device, from, lab.tag())
  }

  protected async demandNew(lab: Lab, group: VolumeGroup, { pool }: GroupRecipe): Promise<void> {
    const { devices, from } = areaWith(group, pool)
    for (const device of devices) {
      const at = await lab.helper.firstUnpoisoned(device, from)
      if (at !== null) throw new BrokenLab(`${group.name} is not as new: ${device} holds no poison at byte ${at}`)
    }
    if (pool === undefined) return
    const chunks = (await StorageUsage.read(lab)).usedChunksOfPool(group.name, pool(group.name))
    if (chunks !== 0) throw new BrokenLab(`${group.name} is not as new: its pool has ${chunks} chunks mapped`)
  }

  protected lend(lab: Lab, group: VolumeGroup): VolumeGroup {
    return { ...group, lab, run: (argv) => this.lvm.run(lab, argv) }
  }
}

/** Where a lab's volumes can lie: in the data of the pool, or anywhere in the group. */
function areaWith(group: VolumeGroup, pool: GroupRecipe['pool']): VolumeArea {
  if (pool === undefined) return areaOf(group)
  return { devices: [`/dev/mapper/${dmName(group.name, `${pool(group.name)}_tdata`)}`], from: 0 }
}

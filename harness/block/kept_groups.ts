import { BrokenLab } from '../errors.ts'
import type { Lab } from '../lab/lab.ts'
import type { Lvm } from './lvm.ts'
import { dmName } from './status.ts'
import { StorageUsage } from './usage.ts'
import { areaOf, type VolumeArea, type VolumeGroup } from './volume_group.ts'

/** How a kept group is made, and what of it stays. */
export interface GroupRecipe {
  /** Groups of the same recipe are interchangeable. */
  readonly key: string
  readonly make: (owner: Lab) => Promise<VolumeGroup>
  /** The thin pool that belongs to the group and stays. Everything else is removed. */
  readonly pool?: (group: string) => string
}

/**
 * Volume groups that labs borrow one after the other, because to make one takes longer than to use it. A lab gets a group in which no
 * volume is, whose pool has no chunk mapped, and whose storage was read and holds poison in every page.
 */
export class KeptGroups {
  private readonly owner: Lab
  private readonly lvm: Lvm
  private readonly free = new Map<string, VolumeGroup[]>()

  /** The groups belong to `owner` and go with it. */
  constructor(owner: Lab, lvm: Lvm) {
    this.owner = owner
    this.lvm = lvm
  }

  /** Lends a group to a lab until it is released. Throws BrokenLab if the group is not as new. */
  async borrow(lab: Lab, recipe: GroupRecipe): Promise<VolumeGroup> {
    const kept = this.free.get(recipe.key)?.pop()
    const group = kept ?? (await recipe.make(this.owner))
    return lab.own(
      `the volume group ${group.name}`,
      async () => {
        if (kept !== undefined) await this.demandNew(lab, group, recipe)
        return { ...group, lab, run: (argv) => this.lvm.run(lab, argv) }
      },
      async () => {
        await this.renew(lab, group, recipe)
        this.free.set(recipe.key, [...(this.free.get(recipe.key) ?? []), group])
      },
    )
  }

  /** Removes the volumes and poisons what they have written to. A group that cannot be renewed is not lent again. */
  private async renew(lab: Lab, group: VolumeGroup, { pool }: GroupRecipe): Promise<void> {
    const which = pool === undefined ? [] : ['--select', 'segtype=thin']
    await this.lvm.run(lab, ['lvremove', '--quiet', '--yes', ...which, group.name])
    const { devices, from } = areaWith(group, pool)
    for (const device of devices) await lab.helper.repoison(device, from, lab.tag())
  }

  private async demandNew(lab: Lab, group: VolumeGroup, { pool }: GroupRecipe): Promise<void> {
    const { devices, from } = areaWith(group, pool)
    for (const device of devices) {
      const at = await lab.helper.firstUnpoisoned(device, from)
      if (at !== null) throw new BrokenLab(`${group.name} is not as new: ${device} holds no poison at byte ${at}`)
    }
    if (pool === undefined) return
    const chunks = (await StorageUsage.read(lab)).usedChunksOfPool(group.name, pool(group.name))
    if (chunks !== 0) throw new BrokenLab(`${group.name} is not as new: its pool has ${chunks} chunks mapped`)
  }
}

/** Where a lab's volumes can lie: in the data of the pool, or anywhere in the group. */
function areaWith(group: VolumeGroup, pool: GroupRecipe['pool']): VolumeArea {
  if (pool === undefined) return areaOf(group)
  return { devices: [`/dev/mapper/${dmName(group.name, `${pool(group.name)}_tdata`)}`], from: 0 }
}

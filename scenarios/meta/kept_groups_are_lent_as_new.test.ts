import { type GroupRecipe, KeptGroups } from '../../harness/block/kept_groups.ts'
import { createLogicalVolume, volumeForms } from '../../harness/block/logical_volume.ts'
import { Lvm } from '../../harness/block/lvm.ts'
import { createThinPool, POOL_METADATA_BYTES } from '../../harness/block/thin_pool.ts'
import { createVolumeGroup, devicePath, type VolumeGroup } from '../../harness/block/volume_group.ts'
import type { Lab } from '../../harness/lab/lab.ts'
import { runOrThrow } from '../../harness/machine/machine.ts'
import { expect, MiB, type ScenarioContext, scenario } from '../../harness/scenario.ts'

const SIZE_BYTES = 8 * MiB
const POOL = 'pool'

const FORMS = {
  thin: (group: string) => volumeForms.thin(group, POOL, SIZE_BYTES),
  thick: (group: string) => volumeForms.thick(group, SIZE_BYTES),
} as const
type Form = keyof typeof FORMS

/** Groups that are lent one after the other, with the device that holds their volumes. */
class Lender {
  private readonly groups: KeptGroups
  private readonly recipe: GroupRecipe
  private readonly form: Form

  private constructor(lab: Lab, lvm: Lvm, form: Form) {
    this.form = form
    this.groups = new KeptGroups(lab, lvm)
    this.recipe = {
      key: form,
      make: async (owner) => {
        const group = await createVolumeGroup(owner, lvm, owner.name('group'), { dataBytes: 2 * SIZE_BYTES + 2 * POOL_METADATA_BYTES })
        if (form === 'thin') await createThinPool(group, POOL, { sizeBytes: 2 * SIZE_BYTES })
        return group
      },
      ...(form === 'thin' && { pool: () => POOL }),
    }
  }

  static async open({ lab }: ScenarioContext, form: Form): Promise<Lender> {
    return new Lender(lab, await Lvm.open(lab), form)
  }

  borrow(lab: Lab): Promise<VolumeGroup> {
    return this.groups.borrow(lab, this.recipe)
  }

  /** Makes a volume in a group and fills it with data. */
  async fill(group: VolumeGroup): Promise<void> {
    await createLogicalVolume(group, 'volume', FORMS[this.form](group.name))
    const content = { sizeBytes: SIZE_BYTES, tag: group.lab.tag(), extents: [{ offset: 0, length: SIZE_BYTES, write: 'data' as const }] }
    await group.lab.helper.stamp(devicePath(group.name, 'volume'), content)
  }

  /** The device that holds the data of a group's volumes, and where they can begin. */
  area({ name, devices: [device = ''] }: VolumeGroup): { device: string; from: number } {
    return this.form === 'thin' ? { device: `/dev/mapper/${name}-${POOL}_tdata`, from: 0 } : { device, from: MiB }
  }
}

for (const form of ['thin', 'thick'] as const) {
  scenario(`a ${form} group is lent again with poison in every page and without the last lab's volumes`, async ({ context }) => {
    const lender = await Lender.open(context, form)
    const first = await context.lab.child()
    const used = await lender.borrow(first)
    const { device, from } = lender.area(used)
    await lender.fill(used)
    expect(await context.lab.helper.firstUnpoisoned(device, from)).toEqual(expect.any(Number))
    expect(await first.release()).toEqual([])

    const second = await context.lab.child()
    const again = await lender.borrow(second)

    expect(again.name).toBe(used.name)
    expect(await context.lab.helper.firstUnpoisoned(device, from)).toBeNull()
    await lender.fill(again)
    expect(await second.release()).toEqual([])
  })

  scenario(`a zero that was left over in a ${form} group is found before the next lab gets it`, async ({ context }) => {
    const lender = await Lender.open(context, form)
    const first = await context.lab.child()
    const group = await lender.borrow(first)
    const { device } = lender.area(group)
    await lender.fill(group)
    await first.release()
    const leftOver = 5 * MiB + 1234
    await runOrThrow(context.machine, ['dd', 'if=/dev/zero', `of=${device}`, 'bs=1', 'count=1', `seek=${leftOver}`, 'conv=notrunc,fsync'])

    const second = await context.lab.child()

    await expect(lender.borrow(second)).rejects.toThrow(`is not as new: ${device} holds no poison at byte ${5 * MiB}`)
    await second.release()
  })
}

scenario('a chunk that was left mapped in a pool is found before the next lab gets it', async ({ context }) => {
  const lender = await Lender.open(context, 'thin')
  const first = await context.lab.child()
  const group = await lender.borrow(first)
  await first.release()
  const { device } = lender.area(group)
  const other: VolumeGroup = { ...group, lab: context.lab, run: group.run }
  await createLogicalVolume(other, 'other', FORMS.thin(group.name))
  const content = { sizeBytes: SIZE_BYTES, tag: context.lab.tag(), extents: [{ offset: 0, length: 1, write: 'data' as const }] }
  await context.lab.helper.stamp(devicePath(group.name, 'other'), content)
  await context.lab.helper.repoison(device, 0, context.lab.tag())

  const second = await context.lab.child()

  await expect(lender.borrow(second)).rejects.toThrow('is not as new: its pool has 1 chunks mapped')
  await second.release()
})

import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createLogicalVolume, volumeForms } from '../../harness/block/logical_volume.ts'
import { poisonedLoop } from '../../harness/block/loop.ts'
import { Lvm } from '../../harness/block/lvm.ts'
import { createVolumeGroup, type VolumeGroup } from '../../harness/block/volume_group.ts'
import { expect, MiB, type ScenarioContext, scenario } from '../../harness/scenario.ts'

/** Takes LVM's lock of a group, so that its next command waits. Returns what gives it up. */
async function lock({ lab, name }: VolumeGroup, folder: string): Promise<() => Promise<void>> {
  const holder = await lab.machine.start(['flock', join(folder, 'lock', `V_${name}`), 'sh', '-c', 'echo locked; exec sleep 60'])
  await once(holder.stdout, 'data')
  return async () => {
    holder.kill(9)
    await holder.ended
  }
}

async function withGroup({ lab }: ScenarioContext) {
  const lvm = await Lvm.open(lab)
  const group = await createVolumeGroup(lab, lvm, lab.name('group'), { dataBytes: 16 * MiB })
  const folder = lvm.environment.LVM_SYSTEM_DIR ?? ''
  const volumes = async () => (await lvm.volumes(lab, [group.name])).map(({ lv_name }) => lv_name)
  return { lab, lvm, group, folder, volumes }
}

scenario('an LVM command that fails does so with its own code and words, and the next one runs', {}, async ({ context }) => {
  const { group, volumes } = await withGroup(context)

  const refused = createLogicalVolume(group, 'large', volumeForms.thick(group.name, 64 * MiB))

  await expect(refused).rejects.toThrow(/^lvcreate exited with 5: Volume group ".*" has insufficient free space/)
  await createLogicalVolume(group, 'small', volumeForms.thick(group.name, 4 * MiB))
  expect(await volumes()).toEqual(['small'])
})

scenario('an LVM command whose process is killed fails, and the next one runs', {}, async ({ context }) => {
  const { lab, lvm, group, folder, volumes } = await withGroup(context)
  await createLogicalVolume(group, 'first', volumeForms.thick(group.name, 4 * MiB))

  const unlock = await lock(group, folder)
  const waiting = lvm.run(lab, ['lvremove', '--quiet', '--yes', `${group.name}/first`]).catch((error: unknown) => error)
  await sleep(500)
  expect(await lab.helper.killMarked(`LVM_SYSTEM_DIR=${folder}`)).toHaveLength(1)

  expect(String(await waiting)).toContain('lvremove was ended by signal 9')
  await unlock()
  expect(await volumes()).toEqual(['first'])
})

scenario('an LVM command stops with its lab, and the next one runs', {}, async ({ context }) => {
  const { lab, lvm, group, folder, volumes } = await withGroup(context)
  await createLogicalVolume(group, 'first', volumeForms.thick(group.name, 4 * MiB))
  const child = await lab.child()

  const unlock = await lock(group, folder)
  const waiting = lvm.run(child, ['lvremove', '--quiet', '--yes', `${group.name}/first`]).catch((error: unknown) => error)
  await sleep(500)
  child.abort()

  expect(String(await waiting)).toContain('lvremove was stopped')
  await unlock()
  expect(await volumes()).toEqual(['first'])
  expect(await child.release()).toEqual([])
})

scenario('a device that is admitted in the same second as another is dismissed is seen', {}, async ({ context: { lab } }) => {
  const lvm = await Lvm.open(lab)
  const devices = [await poisonedLoop(lab, lab.name('one'), 8 * MiB), await poisonedLoop(lab, lab.name('other'), 8 * MiB)]

  // Names of the same length make configurations of the same size.
  for (const device of [...devices, ...devices, ...devices]) {
    const name = lab.name('short')
    await lvm.admit(device)
    await lvm.run(lab, ['vgcreate', '--quiet', '--yes', name, device])
    expect(await lvm.groups(lab)).toEqual([name])
    await lvm.run(lab, ['vgremove', '--quiet', '--yes', name])
    await lvm.dismiss(device)
  }
})

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { poisonedLoop } from '../../harness/block/loop.ts'
import { Lvm } from '../../harness/block/lvm.ts'
import { createVolumeGroup } from '../../harness/block/volume_group.ts'
import { runOrThrow } from '../../harness/machine/machine.ts'
import { expect, MiB, scenario } from '../../harness/scenario.ts'

scenario('a loop device that is never released is a named leak', async ({ context }) => {
  const lab = await context.lab.child()
  const device = await poisonedLoop(context.lab, 'outside', 4 * MiB)
  const file = join(lab.folder, 'leaked.img')
  await writeFile(file, Buffer.alloc(MiB))
  const leaked = (await runOrThrow(context.machine, ['losetup', '--find', '--show', file])).trim()

  const faults = await lab.release()
  await runOrThrow(context.machine, ['losetup', '--detach', leaked])

  expect(faults).toEqual([`leaked loop device ${leaked} (${file})`, `leaked file ${file}`])
  expect(faults.join()).not.toContain(device)
})

scenario('a failed release is named, and the rest is released all the same', async ({ context }) => {
  const lab = await context.lab.child()
  const released: string[] = []
  const own = (what: string, release: () => Promise<void>) => lab.own(what, async () => {}, release)
  await own('the first', async () => void released.push('the first'))
  await own('the second', async () => {
    throw new Error('it is stuck')
  })
  await own('the third', async () => void released.push('the third'))

  expect(await lab.release()).toEqual(['could not release the second: it is stuck'])
  expect(released).toEqual(['the third', 'the first'])
})

scenario('a failed acquisition is released all the same', async ({ context }) => {
  const lab = await context.lab.child()
  const released: string[] = []
  const acquisition = lab.own(
    'a half-made thing',
    async () => {
      throw new Error('half-made')
    },
    async () => void released.push('a half-made thing'),
  )

  await expect(acquisition).rejects.toThrow('half-made')
  expect(await lab.release()).toEqual([])
  expect(released).toEqual(['a half-made thing'])
})

// A kill within a few milliseconds of lvcreate leaves such a link.
scenario('a link to a volume that its group does not know goes with the group', async ({ context }) => {
  const lab = await context.lab.child()
  const { name } = await createVolumeGroup(lab, await Lvm.open(lab), lab.name('group'), { dataBytes: 4 * MiB })
  await runOrThrow(context.machine, ['mkdir', join('/dev', name)])
  await runOrThrow(context.machine, ['ln', '-s', `/dev/mapper/${name}-lvol0`, join('/dev', name, 'lvol0')])

  expect(await lab.release()).toEqual([])
})

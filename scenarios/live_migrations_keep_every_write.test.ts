import type { StorageBackend } from '../harness/drivers/backend.ts'
import { runOrThrow } from '../harness/machine/machine.ts'
import { LEAST_WRITES } from '../harness/movers/mirror/instance.ts'
import { expect, MiB, type ScenarioContext, scenario } from '../harness/scenario.ts'

const SIZE = 16 * MiB

/** A source in use, stamped, and a destination of a kind. */
async function volumes(context: ScenarioContext, kind: 'lvm-thin' | 'lvm-thick' | 'nfs', destinationBytes = SIZE) {
  const source = await context.volumeOn('lvm-thin', SIZE)
  const destination = await context.backend(kind, destinationBytes)
  return { source, destination, content: await source.stamp('mixed') }
}

type Scene = Awaited<ReturnType<typeof volumes>>
type Live = Awaited<ReturnType<ScenarioContext['migrateLive']>>

/** The instance goes on where it was, with every write that was acknowledged; nothing is left of the migration. */
async function expectWhole(context: ScenarioContext, { source, destination }: Scene, live: Live, why: RegExp): Promise<void> {
  expect(live.result).toMatchObject({ outcome: 'failed', why: expect.stringMatching(why), leftovers: [] })
  expect(live.record).toMatchObject({ status: 'in-use', migrationStatus: 'error', backend: { name: source.backend.name } })
  expect(live.written.acknowledged).toBeGreaterThan(0)
  await expect(source).toHold(live.written.content)
  expect(await context.volumesOn(destination)).toEqual([])
}

/** Makes every volume of a backend fail from now on. */
async function failDevices(context: ScenarioContext, { group = '' }: StorageBackend): Promise<void> {
  const names = (await context.lab.helper.inventory(group.replaceAll('-', '--'))).dmDevices.filter((name) => /volume/.test(name))
  expect(names).toHaveLength(1)
  for (const name of names) await runOrThrow(context.lab, ['dmsetup', 'wipe_table', '--noudevsync', name])
}

scenario('an instance that writes while its volume migrates finds every write on the destination', async ({ context }) => {
  const { source, destination, content } = await volumes(context, 'lvm-thick')

  const { result, written, arrived } = await context.migrateLive(source, destination, content)

  expect(result).toMatchObject({ outcome: 'migrated', movedBy: 'live' })
  expect(written.lost).toBeUndefined()
  expect(written.acknowledged).toBeGreaterThanOrEqual(LEAST_WRITES)
  await expect(arrived).toHold(written.content)
  expect(await context.volumesOn(source.backend)).toEqual([])
})

scenario('a destination that fills up in the middle of the mirror fails the migration', async ({ context }) => {
  const scene = await volumes(context, 'lvm-thin', 8 * MiB)
  await context.lab.run(['lvchange', '--errorwhenfull', 'y', `${scene.destination.group}/${scene.destination.group}-pool`], {
    env: context.lvmEnvironment,
  })

  const live = await context.migrateLive(scene.source, scene.destination, scene.content)

  expect(live.written.lost).toBeUndefined()
  await expectWhole(context, scene, live, /the mirror failed: No space left/)
})

scenario('a mirror that is cancelled fails the migration', async ({ context }) => {
  const scene = await volumes(context, 'lvm-thick')

  const live = await context.migrateLive(scene.source, scene.destination, scene.content, {
    onStage: async (stage, { instance }) => (stage === 'copying' ? instance.cancel() : undefined),
  })

  expect(live.written.lost).toBeUndefined()
  await expectWhole(context, scene, live, /the mirror was cancelled/)
})

for (const at of ['copying', 'ready'] as const)
  scenario(`QEMU killed while its mirror is ${at} leaves the source with every acknowledged write`, async ({ context }) => {
    const scene = await volumes(context, 'lvm-thick')

    const live = await context.migrateLive(scene.source, scene.destination, scene.content, {
      onStage: async (stage, { daemon }) => (stage === at ? daemon.kill() : undefined),
    })

    expect(live.written.lost).toContain('the NBD server closed the connection')
    await expectWhole(context, scene, live, /qemu-storage-daemon was ended by signal 9/)
  })

scenario('a destination that fails when the mirror is ready has the pivot refused', async ({ context }) => {
  const scene = await volumes(context, 'lvm-thick')

  const live = await context.migrateLive(scene.source, scene.destination, scene.content, {
    onStage: async (stage, { instance }) => {
      if (stage !== 'ready') return
      await failDevices(context, scene.destination)
      await instance.goOn() // these writes cannot be mirrored any more
    },
  })

  expect(live.written.lost).toBeUndefined()
  await expectWhole(context, scene, live, /QEMU refuses the pivot|the mirror failed: Input\/output error/)
})

import type { Content } from '../harness/content/content.ts'
import type { StorageBackend } from '../harness/drivers/backend.ts'
import { expect, MiB, type ScenarioContext, type ScenarioMigration, type ScenarioVolume, scenario } from '../harness/scenario.ts'

/** A failed migration leaves the source as it was and nothing on the destination. */
async function expectUndone(
  context: ScenarioContext,
  outcome: ScenarioMigration,
  source: ScenarioVolume,
  stamped: Content,
  destination: StorageBackend,
  why: RegExp,
) {
  expect(outcome.result).toMatchObject({ outcome: 'failed', why: expect.stringMatching(why), leftovers: [] })
  expect(outcome.record).toMatchObject({ status: 'available', migrationStatus: 'error', backend: { name: source.backend.name } })
  await expect(source).toHold(stamped)
  expect(await context.volumesOn(destination)).toEqual([])
}

scenario('a destination without room for the volume is refused by its driver, and nothing is left there', async ({ context }) => {
  const source = await context.volumeOn('lvm-thin', 32 * MiB)
  const destination = await context.backend('lvm-thick', 16 * MiB)
  const stamped = await source.stamp('mixed')

  const outcome = await context.migrate(source, destination, 'host')

  await expectUndone(context, outcome, source, stamped, destination, /insufficient free space/)
})

scenario('a filesystem that fills up in the middle of the copy fails the migration', async ({ context }) => {
  const source = await context.volumeOn('lvm-thin', 256 * MiB)
  const destination = await context.backend('nfs', 256 * MiB)
  const stamped = await source.stamp('all-data')

  const outcome = await context.migrate(source, destination, 'host')

  await expectUndone(context, outcome, source, stamped, destination, /No space left on device/)
})

scenario('a mover that fails in the middle of a driver-assisted migration leaves no half volume', async ({ context }) => {
  const source = await context.volumeOn('lvm-thin', 16 * MiB)
  const destination = await context.backend('lvm-thin', 8 * MiB)
  const stamped = await source.stamp('mixed')
  await context.lab.run(['lvchange', '--errorwhenfull', 'y', `${destination.group}/${destination.group}-pool`], {
    env: context.lvmEnvironment,
  })

  const outcome = await context.migrate(source, destination, 'driver', {
    rule: () => ({ mode: 'full', decidedBy: 'claimed-false', reason: 'so that the pool runs out of space' }),
  })

  await expectUndone(context, outcome, source, stamped, destination, /migrate_volume: dd exited with 1/)
})

scenario('a copy that is cut short by a lost source fails the migration', async ({ context }) => {
  const source = await context.volumeOn('lvm-thin', 16 * MiB)
  const destination = await context.backend('lvm-thick', 16 * MiB)
  const stamped = await source.stamp('mixed')

  const outcome = await context.migrate(source, destination, 'host', {
    copy: async () => {
      throw new Error('the copy was interrupted')
    },
  })

  await expectUndone(context, outcome, source, stamped, destination, /the copy was interrupted/)
})

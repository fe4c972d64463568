import type { Content } from '../harness/content/content.ts'
import type { StorageBackend } from '../harness/drivers/backend.ts'
import { expect, MiB, type MigrationOutcome, type ScenarioVolume, type Stage, scenario } from '../harness/scenario.ts'

/** What holds after any migration that failed. */
async function expectUndone(
  stage: Stage,
  outcome: MigrationOutcome,
  source: ScenarioVolume,
  stamped: Content,
  destination: StorageBackend,
  why: RegExp,
) {
  expect(outcome.result).toMatchObject({ outcome: 'failed', why: expect.stringMatching(why), leftovers: [] })
  expect(outcome.record).toMatchObject({ status: 'available', migrationStatus: 'error', backend: { name: source.backend.name } })
  await expect(source).toHold(stamped)
  expect(await stage.volumesOn(destination)).toEqual([])
}

scenario('a destination without room for the volume is refused by its driver, and nothing is left there', async ({ stage }) => {
  const source = await stage.volume(await stage.backend('lvm-thin', 32 * MiB), 32 * MiB)
  const destination = await stage.backend('lvm-thick', 16 * MiB)
  const stamped = await source.stamp('mixed')

  const outcome = await stage.migrate(source, destination, 'host')

  await expectUndone(stage, outcome, source, stamped, destination, /insufficient free space/)
})

scenario('a filesystem that fills up in the middle of the copy fails the migration', async ({ stage }) => {
  const source = await stage.volume(await stage.backend('lvm-thin', 256 * MiB), 256 * MiB)
  const destination = await stage.backend('nfs', 256 * MiB)
  const stamped = await source.stamp('all-data')

  const outcome = await stage.migrate(source, destination, 'host')

  await expectUndone(stage, outcome, source, stamped, destination, /No space left on device/)
})

scenario('a mover that fails in the middle of a driver-assisted migration leaves no half volume', async ({ stage }) => {
  const source = await stage.volume(await stage.backend('lvm-thin', 16 * MiB), 16 * MiB)
  const destination = await stage.backend('lvm-thin', 8 * MiB)
  const stamped = await source.stamp('mixed')
  await stage.lab.run(['lvchange', '--errorwhenfull', 'y', `${destination.group}/${destination.group}-pool`], { env: stage.lvmEnvironment })

  const outcome = await stage.migrate(source, destination, 'driver', {
    rule: () => ({ mode: 'full', decidedBy: 'claimed-false', reason: 'so that the pool runs out of space' }),
  })

  await expectUndone(stage, outcome, source, stamped, destination, /migrate_volume: dd exited with 1/)
})

scenario('a copy that is cut short by a lost source is no success', async ({ stage }) => {
  const source = await stage.volume(await stage.backend('lvm-thin', 16 * MiB), 16 * MiB)
  const destination = await stage.backend('lvm-thick', 16 * MiB)
  const stamped = await source.stamp('mixed')

  const outcome = await stage.migrate(source, destination, 'host', {
    copy: async () => {
      throw new Error('the copy was interrupted')
    },
  })

  await expectUndone(stage, outcome, source, stamped, destination, /the copy was interrupted/)
})

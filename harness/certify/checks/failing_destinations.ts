import { withBadRange } from '../../block/faulty_device.ts'
import { shortenWaitForSpace } from '../../block/thin_pool.ts'
import type { DriverName } from '../../drivers/backend.ts'
import type { BackendSize } from '../../drivers/built_in.ts'
import { MiB, sizeText } from '../../units.ts'
import type { DriverUnderTest } from '../session/driver_under_test.ts'
import { type Check, type CheckOutcome, notShown } from './check.ts'
import { fullOfData, judgeHopeless, moveNowhere } from './failed_migration.ts'
import { makeSource, migrateVolume } from './migrate_content.ts'

interface FailingStorage {
  readonly name: string
  readonly what: string
  readonly driver: DriverName
  readonly storage: BackendSize
  /** How long writes that find no space wait for it, in seconds. Default: they fail at once, or as the machine has it. */
  readonly waitSeconds?: number
}

/** All of it is data, so that each of the destinations fails in the middle of it. */
const VOLUME_BYTES = 20 * MiB
const POOL_BYTES = 8 * MiB

const FAILING: readonly FailingStorage[] = [
  {
    name: 'full-pool',
    what: 'a thin pool that fills up in the middle of the copy',
    driver: 'lvm-thin',
    storage: { dataBytes: POOL_BYTES, errorWhenFull: true },
  },
  {
    name: 'waiting-pool',
    what: 'a thin pool that fills up, and keeps writes waiting for space before it fails them,',
    driver: 'lvm-thin',
    storage: { dataBytes: POOL_BYTES },
    waitSeconds: 1,
  },
  {
    name: 'write-errors',
    what: 'a volume in the middle of which no write succeeds',
    driver: 'lvm-thick',
    storage: { dataBytes: 2 * VOLUME_BYTES, cover: withBadRange({ from: 9 * MiB, to: 13 * MiB }) },
  },
  // ext4's own tables have room beside it, which the volume does not.
  { name: 'full-folder', what: 'a filesystem that fills up in the middle of the copy', driver: 'file', storage: { dataBytes: 0 } },
]

/** Migrations to storage that fails: the driver must say so, keep its volume, and leave nothing on the destination. */
export const failingDestinations: readonly Check[] = FAILING.map((failing) => ({
  id: `migrate-out-fails/${failing.name}`,
  title: `a migration to ${failing.what} is an error: the source stays whole, and nothing is left there`,
  run: (driver) => migrateToFailing(driver, failing),
}))

async function migrateToFailing({ session, peers }: DriverUnderTest, failing: FailingStorage): Promise<CheckOutcome> {
  const { name, driver, storage, waitSeconds } = failing
  const sizeBytes = session.roundUp(VOLUME_BYTES)
  if (sizeBytes > session.roomBytes)
    return notShown(`a volume of ${sizeText(sizeBytes)} does not fit the storage that the driver was given`)
  const content = fullOfData(session, sizeBytes, VOLUME_BYTES)
  const volume = await makeSource(session, content)
  await volume.detach()
  const nowhere = await moveNowhere(session, volume)
  if (nowhere !== undefined) return nowhere
  if (waitSeconds !== undefined && session.lab.machine.kind === 'native')
    return notShown(
      "how long a pool waits for space is one setting for all of a kernel's pools, and this kernel has others than holeproof's",
    )
  return peers.withNew({ kind: 'built-in', name, driver, storage }, async (other) => {
    if (waitSeconds !== undefined) await shortenWaitForSpace(other.lab, waitSeconds)
    const migrated = await migrateVolume(session, other, 'driver', volume)
    return judgeHopeless({ session, other, content, migrated, causeOfLoss: 'not-durable' })
  })
}

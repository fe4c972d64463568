import { FaultyStorage } from '../../block/faulty_device.ts'
import type { Content } from '../../content/content.ts'
import { causeOfText } from '../../result/cause.ts'
import { MiB, SECTOR_BYTES, sizeText } from '../../units.ts'
import type { DriverSession } from '../session/driver_session.ts'
import type { Peers } from '../session/peers.ts'
import { type Check, type CheckOutcome, notOffered, notShown } from './check.ts'
import { fullOfData, judgeHopeless, moveNowhere } from './failed_migration.ts'
import { makeSource, migrateVolume } from './migrate_content.ts'
import { whyLost } from './migration_contract.ts'

/** How much of an unreadable volume is data, and the sector in the middle of it that cannot be read. */
const UNREADABLE_BYTES = 8 * MiB
const BAD_SECTOR_AT = 5 * MiB + 3 * SECTOR_BYTES
const PEER = 'lvm-thick'

/** A migration of a volume with a sector that its storage no longer gives back: nothing that the driver does can succeed. */
export const unreadableSource: Check = {
  id: 'migrate-out-fails/unreadable-source',
  title: 'a migration of a volume of which a sector cannot be read is an error: the source stays, and nothing is left on the destination',
  run: async (driver) => {
    const nowhere = await moveNowhere(driver.session, await driver.session.create())
    if (nowhere !== undefined) return nowhere
    const storage = new FaultyStorage()
    return driver.withAnother(storage.cover, (session) => migrateUnreadable(session, driver.peers, storage))
  },
}

async function migrateUnreadable(session: DriverSession, peers: Peers, storage: FaultyStorage): Promise<CheckOutcome> {
  const content = fullOfData(session, session.volumeBytes, UNREADABLE_BYTES)
  const volume = await makeSource(session, content)
  await volume.detach()
  return peers.withFresh(PEER, async (other) => {
    if (content.sizeBytes > other.roomBytes) return notShown(`${other.name} has no room for a volume of ${sizeText(content.sizeBytes)}`)
    if ((await storage.failOnStamp(content.tag, BAD_SECTOR_AT)) === 0)
      return notShown('no device of its storage holds the data as it was written, so no sector of it could be made unreadable')
    const migrated = await migrateVolume(session, other, 'driver', volume).finally(() => storage.heal())
    const { result, failedAt } = migrated
    if (result.outcome === 'migrated' && result.movedBy === 'host')
      return notOffered('the driver declined, and the host read the sector from a cache')
    if (failedAt === other) return notShown(`${other.name} failed before the sector was read`)
    // Some devices, such as LVM's mirrors, go on to refuse what they once could not read. What is below them counts then.
    const whyNotWhole: typeof whyLost = async (volume, content) => {
      const isThere = await volume.attach().then(
        () => true,
        () => false,
      )
      const why = await whyLost(volume, content)
      return why !== undefined && isThere && causeOfText(why) === 'io-error' && (await isStored(storage, content)) ? undefined : why
    }
    return judgeHopeless({ session, other, content, migrated, causeOfLoss: 'unread', whyNotWhole })
  })
}

/** Whether the devices of a storage hold the sector that could not be read, and the last one of each MiB of data. */
async function isStored(storage: FaultyStorage, { tag }: Content): Promise<boolean> {
  const ends = Array.from({ length: UNREADABLE_BYTES / MiB }, (_, index) => (index + 1) * MiB - SECTOR_BYTES)
  for (const offset of [BAD_SECTOR_AT, ...ends]) if ((await storage.places(tag, offset)) === 0) return false
  return true
}

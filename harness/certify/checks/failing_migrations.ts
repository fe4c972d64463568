import { FaultyStorage, withBadRange } from '../../block/faulty_device.ts'
import type { Content } from '../../content/content.ts'
import type { DriverName } from '../../drivers/backend.ts'
import type { BackendSize } from '../../drivers/built_in.ts'
import { BrokenLab } from '../../errors.ts'
import { METHOD_NOT_FOUND, RemoteError } from '../../protocol/json_rpc.ts'
import { type Cause, causeOfText } from '../../result/cause.ts'
import { MiB, SECTOR_BYTES, sizeText } from '../../units.ts'
import { DriverGone } from '../candidate/faults.ts'
import type { DriverSession, DriverVolume } from '../session/driver_session.ts'
import type { DriverUnderTest } from '../session/driver_under_test.ts'
import type { Peers } from '../session/peers.ts'
import { type Check, type CheckOutcome, notOffered, notShown, refuted, upheld } from './check.ts'
import { type MigratedContent, makeSource, migrateVolume } from './migrate_content.ts'
import { brokenContract, whyLost } from './migration_contract.ts'

interface FailingStorage {
  readonly name: string
  readonly what: string
  readonly driver: DriverName
  readonly storage: BackendSize
}

/** All of it is data, so that each of the destinations fails in the middle of it. */
const VOLUME_BYTES = 20 * MiB

const FAILING: readonly FailingStorage[] = [
  {
    name: 'full-pool',
    what: 'a thin pool that fills up in the middle of the copy',
    driver: 'lvm-thin',
    storage: { dataBytes: 8 * MiB, errorWhenFull: true },
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

/** How much of an unreadable volume is data, and the sector in the middle of it that cannot be read. */
const UNREADABLE_BYTES = 8 * MiB
const BAD_SECTOR_AT = 5 * MiB + 3 * SECTOR_BYTES
const PEER = 'lvm-thick'

/** No such destination exists. */
const NOWHERE = { location_info: 'holeproof:nowhere', copy_mode: 'full' } as const

/** Migrations that cannot succeed: the driver must say so, keep its volume, and leave nothing on the destination. */
export const failingDestinations: readonly Check[] = FAILING.map((failing) => ({
  id: `migrate-out-fails/${failing.name}`,
  title: `a migration to ${failing.what} is an error: the source stays whole, and nothing is left there`,
  run: (driver) => migrateToFailing(driver, failing),
}))

async function migrateToFailing({ session, peers }: DriverUnderTest, { name, driver, storage }: FailingStorage): Promise<CheckOutcome> {
  const sizeBytes = session.roundUp(VOLUME_BYTES)
  if (sizeBytes > session.roomBytes)
    return notShown(`a volume of ${sizeText(sizeBytes)} does not fit the storage that the driver was given`)
  const content = fullOfData(session, sizeBytes, VOLUME_BYTES)
  const volume = await makeSource(session, content)
  await volume.detach()
  const nowhere = await moveNowhere(session, volume)
  if (nowhere !== undefined) return nowhere
  return peers.withNew({ kind: 'built-in', name, driver, storage }, async (other) => {
    const migrated = await migrateVolume(session, other, 'driver', volume)
    return judge(session, other, content, migrated, 'not-durable')
  })
}

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
    return judge(session, other, content, migrated, 'unread', whyNotWhole)
  })
}

/** Whether the devices of a storage hold the sector that could not be read, and the last one of each MiB of data. */
async function isStored(storage: FaultyStorage, { tag }: Content): Promise<boolean> {
  const ends = Array.from({ length: UNREADABLE_BYTES / MiB }, (_, index) => (index + 1) * MiB - SECTOR_BYTES)
  for (const offset of [BAD_SECTOR_AT, ...ends]) if ((await storage.places(tag, offset)) === 0) return false
  return true
}

/** The content of a volume that is data from its start on, for so many bytes. */
function fullOfData({ lab }: DriverSession, sizeBytes: number, length: number): Content {
  return { sizeBytes, tag: lab.tag(), extents: [{ offset: 0, length, write: 'data' }] }
}

/** Asks for a move to a destination that does not exist. Returns an outcome when that decides the check. */
async function moveNowhere(session: DriverSession, { name, sizeBytes }: DriverVolume): Promise<CheckOutcome | undefined> {
  try {
    const answer = await session.process.raw('migrate_volume', { name, ...NOWHERE, size_bytes: sizeBytes })
    const moved = typeof answer === 'object' && answer !== null && 'moved' in answer && answer.moved !== false
    return moved
      ? refuted(`it answered moved: ${JSON.stringify(answer.moved)} for a destination that does not exist`, 'source-lost')
      : undefined
  } catch (error) {
    if (error instanceof DriverGone) throw error
    if (error instanceof RemoteError && error.code === METHOD_NOT_FOUND) return notOffered('the driver moves no volumes by itself')
    return undefined
  }
}

async function judge(
  session: DriverSession,
  other: DriverSession,
  content: Content,
  migrated: MigratedContent,
  causeOfLoss: Cause,
  whyNotWhole = whyLost,
): Promise<CheckOutcome> {
  const { result, arrived } = migrated
  if (result.outcome === 'migrated' && arrived !== undefined) {
    const lost = await whyLost(arrived, content)
    if (result.movedBy !== 'driver') throw new BrokenLab(`a copy by the host that could not succeed did; ${lost ?? 'all of it arrived'}`)
    return lost === undefined
      ? notShown('all of the volume arrived, so nothing had failed on its way')
      : refuted(`it answered moved: true, and the source is gone; but on the destination ${lost}`, causeOfLoss)
  }
  const [why = ''] = result.outcome === 'migrated' ? ['the volume did not arrive'] : result.why.split('\n')
  const broken = await brokenContract({ session, other, source: session, destination: other, content, migrated }, whyNotWhole)
  if (broken === undefined) return upheld(`${why}; the source is whole and nothing is left on the destination`)
  if (broken.by === other) throw new BrokenLab(`${why}; and ${broken.text}`)
  return refuted(`${why}; and ${broken.text}`, broken.cause)
}

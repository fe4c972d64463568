import type { Content } from '../../content/content.ts'
import { type DestinationFacts, decideCopyMode } from '../../migration/rule.ts'
import { NotOffered } from '../../protocol/volume_service.ts'
import type { Extent } from '../../result/bytes.ts'
import { KiB, MiB, sizeText } from '../../units.ts'
import type { DriverSession, DriverVolume } from '../session/driver_session.ts'
import type { DriverUnderTest } from '../session/driver_under_test.ts'
import { type Check, type CheckOutcome, refuted, upheld } from './check.ts'
import { moveAway } from './migration_contract.ts'
import { makeDirty } from './run_experiment.ts'
import { mixed, wrongIn } from './volume_content.ts'

const CHANGED_BYTES = 64 * KiB
/** More than the extent that LVM rounds a volume up to. */
const LARGER_BY_BYTES = 5 * MiB
/** The volumes beside the larger one: the origin, its snapshot where that is a copy, and the volume made of it. */
const COPIES = 3
/** The peer whose volume is copied onto the snapshot or clone. */
const SOURCE_PEER = 'lvm-thin'

/** A volume from a snapshot is not new: the rule never takes it for zero. */
export const snapshotIsNotNew: Check = {
  id: 'snapshot-is-not-new',
  title: 'a volume made from a snapshot holds the snapshot, also a larger one, and a migration onto it copies every block',
  run: async (driver) => {
    const { session } = driver
    await makeDirtyForCopies(session)
    const { origin, content } = await makeOrigin(session)
    const snapshot = await session.snapshot(origin.name)
    const larger = await session.createFromSnapshot(snapshot.name, origin, largerThan(origin))
    // Later writes belong to the origin alone.
    await origin.write(changeOf(content, session))
    await origin.detach()
    const made = await session.createFromSnapshot(snapshot.name, origin)
    return (await wrongInLarger(larger, content)) ?? copyOntoUsed(driver, made, content, 'restored-snapshot')
  },
}

export const cloneIsNotNew: Check = {
  id: 'clone-is-not-new',
  title: 'a clone holds what its source held, also a larger one, and a migration onto it copies every block',
  run: async (driver) => {
    const { session } = driver
    await makeDirtyForCopies(session)
    const { origin, content } = await makeOrigin(session)
    const made = await session.clone(origin)
    const larger = await session.clone(origin, largerThan(origin))
    await origin.write(changeOf(content, session))
    await origin.detach()
    return (await wrongInLarger(larger, content)) ?? copyOntoUsed(driver, made, content, 'clone')
  },
}

/** Moves what shares its storage with others, as clones and restored volumes often do. */
export const cloneMovesWhole: Check = {
  id: 'clone-moves-whole',
  title: 'a clone and a volume from a snapshot, written to afterwards, are moved with what they share and with their own',
  run: async ({ session, peers }) => {
    const seen: string[] = []
    const lacking: NotOffered[] = []
    for (const make of [cloneOf, restoredFrom]) {
      const { origin, content } = await makeOrigin(session)
      try {
        const { what, volume } = await make(session, origin)
        const { moved, text, outcome } = await moveWhole(session, peers, volume, await writeMore(volume, content))
        if (outcome !== undefined) return { ...outcome, text: `${what}, ${outcome.text}` }
        seen.push(`${what}, ${text}`)
        if (!moved) break
      } catch (error) {
        if (!(error instanceof NotOffered)) throw error
        lacking.push(error)
      }
    }
    const [first] = lacking
    if (seen.length === 0 && first !== undefined) throw first
    return upheld(seen.join('; '))
  },
}

async function cloneOf(session: DriverSession, origin: DriverVolume) {
  return { what: 'a clone', volume: await session.clone(origin) }
}

async function restoredFrom(session: DriverSession, origin: DriverVolume) {
  const snapshot = await session.snapshot(origin.name)
  return { what: 'a volume from a snapshot', volume: await session.createFromSnapshot(snapshot.name, origin) }
}

/** Writes to a volume where its origin has nothing, and returns what it holds then. */
async function writeMore(volume: DriverVolume, content: Content): Promise<Content> {
  const more: Extent = { offset: 3 * MiB + 4 * KiB, length: 8 * KiB, write: 'data' }
  await volume.write({ ...content, extents: [more] })
  return { ...content, extents: [...content.extents, more].toSorted((a, b) => a.offset - b.offset) }
}

/** Moves a volume to a peer, and compares every byte. */
async function moveWhole(
  session: DriverSession,
  peers: DriverUnderTest['peers'],
  volume: DriverVolume,
  content: Content,
): Promise<{ moved: boolean; text: string; outcome?: CheckOutcome }> {
  return peers.withFresh(SOURCE_PEER, async (peer) => {
    const away = await moveAway(session, peer, volume, content)
    if (away.arrived === undefined) return { moved: false, text: '', outcome: away.outcome }
    const moved = away.movedBy === 'driver'
    const how = moved ? 'moved by the driver' : 'which the driver declined to move, so copied by the host'
    const wrong = await wrongIn(away.arrived, content)
    if (wrong !== undefined) return { moved, text: '', outcome: { ...wrong, text: `${how}: ${wrong.text}` } }
    return { moved, text: `${how}: all ${sizeText(content.sizeBytes)} intact` }
  })
}

/** Sees to it that a volume and its copies, one of them larger, get space that was used before. */
async function makeDirtyForCopies(session: DriverSession): Promise<void> {
  const { volumeBytes: sizeBytes } = session
  await makeDirty(session, COPIES * sizeBytes + largerThan({ session, sizeBytes }))
}

/** Makes a volume with a content. */
async function makeOrigin(session: DriverSession): Promise<{ origin: DriverVolume; content: Content }> {
  const origin = await session.create()
  const content = mixed(session, origin)
  await origin.write(content, 'everywhere')
  await origin.detach()
  return { origin, content }
}

function largerThan({ session, sizeBytes }: Pick<DriverVolume, 'session' | 'sizeBytes'>): number {
  return session.roundUp(sizeBytes + LARGER_BY_BYTES)
}

/** What a claim promises for new volumes holds for what a larger copy has beyond its origin. */
async function wrongInLarger(larger: DriverVolume, content: Content): Promise<CheckOutcome | undefined> {
  const sizeBytes = larger.session.claim ? await larger.actualBytes() : content.sizeBytes
  const wrong = await wrongIn(larger, { ...content, sizeBytes })
  return wrong && { ...wrong, text: `made larger than its origin by ${sizeText(larger.sizeBytes - content.sizeBytes)}: ${wrong.text}` }
}

/** Returns other data for a whole block of a content: a single byte might happen to be the same. */
function changeOf(content: Content, session: DriverSession): Content {
  const whole = content.extents.filter(({ write, length }) => write === 'data' && length >= CHANGED_BYTES)
  return { ...content, tag: session.lab.tag(), extents: whole.slice(0, 1) }
}

async function copyOntoUsed(
  { session, peers, testBed }: DriverUnderTest,
  made: DriverVolume,
  content: Content,
  history: DestinationFacts['history'],
): Promise<CheckOutcome> {
  const wrong = await wrongIn(made, content)
  if (wrong !== undefined) return wrong
  const { mode, reason } = decideCopyMode(session.answer, { history, layers: [] })
  const source = await (await peers.open(SOURCE_PEER)).create(made.sizeBytes)
  const fresh: Content = { ...mixed(session, made), extents: [{ offset: 0, length: 512, write: 'data' }] }
  await source.write(fresh)
  await testBed.mover(session.lab, { from: await source.attach(), to: await made.attach(), bytes: made.sizeBytes, mode })
  const after = await wrongIn(made, fresh)
  await source.delete()
  if (after !== undefined) return { ...after, text: `after a ${mode} copy (${reason}): ${after.text}` }
  return mode === 'full'
    ? upheld(`it holds ${sizeText(made.sizeBytes)} as it should; the rule wants a full copy: ${reason}`)
    : refuted(reason)
}

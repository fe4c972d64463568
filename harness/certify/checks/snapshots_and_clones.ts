import type { Content } from '../../content/content.ts'
import { type DestinationFacts, decideCopyMode } from '../../migration/rule.ts'
import { sizeText } from '../../units.ts'
import type { DriverSession, DriverVolume } from '../session/driver_session.ts'
import type { DriverUnderTest } from '../session/driver_under_test.ts'
import { type Check, type CheckOutcome, refuted, upheld } from './check.ts'
import { mixed, wrongIn } from './volume_content.ts'

const CHANGED_BYTES = 64 * 1024
/** The peer whose volume is copied onto the snapshot or clone. */
const SOURCE_PEER = 'lvm-thin'

/** A volume from a snapshot is not new: the rule never takes it for zero. */
export const snapshotIsNotNew: Check = {
  id: 'snapshot-is-not-new',
  title: 'a volume made from a snapshot holds the snapshot, and a migration onto it copies every block',
  run: async (driver) => {
    const { session } = driver
    const { origin, content } = await makeOrigin(session)
    const snapshot = await session.snapshot(origin.name)
    // Later writes belong to the origin alone.
    await origin.write(changeOf(content, session))
    await origin.detach()
    const made = await session.createFromSnapshot(snapshot.name, origin)
    return copyOntoUsed(driver, made, content, 'restored-snapshot')
  },
}

export const cloneIsNotNew: Check = {
  id: 'clone-is-not-new',
  title: 'a clone holds what its source held, and a migration onto it copies every block',
  run: async (driver) => {
    const { session } = driver
    const { origin, content } = await makeOrigin(session)
    const made = await session.clone(origin)
    await origin.write(changeOf(content, session))
    await origin.detach()
    return copyOntoUsed(driver, made, content, 'clone')
  },
}

async function makeOrigin(session: DriverSession): Promise<{ origin: DriverVolume; content: Content }> {
  const origin = await session.create()
  const content = mixed(session, origin)
  await origin.write(content, 'everywhere')
  await origin.detach()
  return { origin, content }
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

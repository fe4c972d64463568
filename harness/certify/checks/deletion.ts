import { setTimeout } from 'node:timers/promises'
import { contentOf } from '../../content/layouts.ts'
import { NotOffered } from '../../protocol/volume_service.ts'
import { MiB, sizeText } from '../../units.ts'
import type { DriverSession, DriverVolume } from '../session/driver_session.ts'
import { type Check, type CheckOutcome, refuted, upheld } from './check.ts'
import { describeFill, fillAndFree } from './run_experiment.ts'

/** What a filesystem may keep for its own tables, and the least that a volume or copy that stays takes. */
const SLACK_BYTES = MiB
/** Space may come back a while after the answer. */
const COMES_BACK_SECONDS = 10
const MOST_CYCLES = 5
const LOOK_AGAIN_MS = 200

/** What was made and deleted takes nothing, and as many volumes fit after all of them were deleted as before. */
export const deleteFrees: Check = {
  id: 'delete-frees',
  title: 'deleted volumes, snapshots and clones are gone, and their space is free again',
  run: async ({ session }) => {
    const volume = await session.create()
    await volume.attach()
    await volume.delete()
    const path = await session.findUnwanted(volume.name)
    if (path !== undefined) return refuted(`${volume.name} was deleted but can still be attached, at ${JSON.stringify(path)}`)
    const kept = await keptByCycles(session)
    if (kept !== undefined) return kept
    const first = await fillAndFree(session)
    const second = await fillAndFree(session)
    if (second.volumes < first.volumes) return refuted(`${describeFill(first)}; then ${describeFill(second)}: ${second.endedBy ?? ''}`)
    return upheld(`${describeFill(first)}, twice`)
  },
}

/**
 * Makes a volume, a snapshot and copies of it, and deletes all of them, several times. Returns an outcome where each time leaves the
 * storage fuller: what a driver keeps once, to use it again, is no loss.
 */
async function keptByCycles(session: DriverSession): Promise<CheckOutcome | undefined> {
  const taken = () => session.process.installation.takenBytes()
  await makeAndDelete(session)
  let before = await taken()
  let made = ''
  let more = 0
  for (let cycle = 2; cycle <= MOST_CYCLES; cycle++) {
    before += more
    made = await makeAndDelete(session)
    more = (await taken()) - before
    if (more <= SLACK_BYTES) return undefined
  }
  for (let waited = 0; waited < COMES_BACK_SECONDS * 1000; waited += LOOK_AGAIN_MS) {
    await setTimeout(LOOK_AGAIN_MS)
    more = (await taken()) - before
    if (more <= SLACK_BYTES) return undefined
  }
  const what = `these were made and deleted ${MOST_CYCLES} times: ${made}`
  return refuted(
    `its storage becomes fuller each time, in the end by ${sizeText(more)} that do not come back within ${COMES_BACK_SECONDS} s, when ${what}`,
  )
}

/** Deletes in the order in which a user must: copies, the snapshot, the volume. Returns what was made. */
async function makeAndDelete(session: DriverSession): Promise<string> {
  const made = ['a volume']
  const volume = await makeWritten(session, await session.create())
  const copies: DriverVolume[] = []
  const snapshot = await ifOffered(() => session.snapshot(volume.name))
  if (snapshot !== undefined) {
    made.push('its snapshot')
    const restored = await ifOffered(() => session.createFromSnapshot(snapshot.name, volume))
    if (restored !== undefined) copies.push(await makeWritten(session, restored))
    if (restored !== undefined) made.push('a volume from that')
  }
  const clone = await ifOffered(() => session.clone(volume))
  if (clone !== undefined) copies.push(await makeWritten(session, clone))
  if (clone !== undefined) made.push('a clone')
  for (const copy of copies) await copy.delete()
  await snapshot?.delete()
  await volume.delete()
  return made.join(', ')
}

/** Writes more than a volume that stays may take. */
async function makeWritten(session: DriverSession, volume: DriverVolume): Promise<DriverVolume> {
  await volume.write(contentOf('all-data', Math.min(volume.sizeBytes, 4 * SLACK_BYTES), session.lab.tag(), session.lab.seed))
  await volume.detach()
  return volume
}

async function ifOffered<Made>(make: () => Promise<Made>): Promise<Made | undefined> {
  try {
    return await make()
  } catch (error) {
    if (error instanceof NotOffered) return undefined
    throw error
  }
}

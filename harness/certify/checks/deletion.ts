import { setTimeout } from 'node:timers/promises'
import { contentOf } from '../../content/layouts.ts'
import { BrokenLab } from '../../errors.ts'
import { NotOffered } from '../../protocol/volume_service.ts'
import { MiB, sizeText } from '../../units.ts'
import { DriverFault, DriverGone, StorageTooSmall } from '../candidate/faults.ts'
import type { DriverSession, DriverVolume } from '../session/driver_session.ts'
import { type Check, type CheckOutcome, refuted, upheld } from './check.ts'
import { describeFill, fillAndFree } from './run_experiment.ts'

/** What a filesystem may keep for its own tables, and the least that a volume or copy that stays takes. */
const SLACK_BYTES = MiB
/** Space may come back a while after the answer, but within the time that a verb may take. */
const COMES_BACK_SECONDS = 10
/** How much fuller the storage may become, in parts of it: all of it has been used once then. */
const MOST_GROWTH = 1.2

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
 * Makes a volume, a snapshot and copies of it, and deletes all of them, again and again as long as that leaves the storage fuller. What a
 * driver keeps to use it again, and storage that is used from its start to its end, are no loss. Returns an outcome where nothing more fits.
 */
async function keptByCycles(session: DriverSession): Promise<CheckOutcome | undefined> {
  const made = await makeAndDelete(session)
  const first = await takenBy(session)
  let before = first
  for (let cycle = 2; first !== undefined && before !== undefined && before - first <= MOST_GROWTH * session.storageBytes; cycle++) {
    const failed = await whyNoMore(session)
    const after = await takenBy(session)
    if (failed !== undefined) {
      const grown = sizeText(before - first)
      return refuted(
        `its storage became fuller by ${grown}, until nothing more fitted, as these were made and deleted ${cycle} times: ${made}`,
      )
    }
    if (after === undefined || after - before <= SLACK_BYTES) return undefined
    before = after
  }
  return undefined
}

/** What everything takes on the driver's storage, in bytes; undefined where that cannot be seen. */
async function takenBy(session: DriverSession): Promise<number | undefined> {
  try {
    return await session.process.installation.takenBytes()
  } catch (error) {
    if (error instanceof BrokenLab) throw error
    return undefined
  }
}

/** Makes and deletes once more. Returns why that fails, also a while later: space may come back after the answer. */
async function whyNoMore(session: DriverSession): Promise<string | undefined> {
  let why: string | undefined
  for (const milliseconds of [0, Math.min(COMES_BACK_SECONDS, session.process.limits.verbSeconds) * 1000]) {
    await setTimeout(milliseconds)
    try {
      await makeAndDelete(session)
      return undefined
    } catch (error) {
      if (!(error instanceof DriverFault) || error instanceof DriverGone) throw error
      why = error.message
      await session.cleanUp()
    }
  }
  return why
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
    if (error instanceof NotOffered || error instanceof StorageTooSmall) return undefined
    throw error
  }
}

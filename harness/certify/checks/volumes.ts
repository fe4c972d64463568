import { sizeText } from '../../units.ts'
import { DriverFault, DriverGone } from '../candidate/faults.ts'
import type { DriverSession, DriverVolume } from '../session/driver_session.ts'
import { type Check, type CheckOutcome, notOffered, refuted, upheld } from './check.ts'
import { makeDirty } from './run_experiment.ts'
import { mixed, wrongIn } from './volume_content.ts'

const ATTACHED_TIMES = 3
/** When the driver is killed, as parts of the time that it needs for a volume. */
const CRASHES_AT = [0.3, 0.7] as const

export const pathsAreItsOwn: Check = {
  id: 'paths-are-its-own',
  title: "a volume is attached as a block device or file of the driver's own, of the size asked for, and no two share one",
  run: async ({ session }) => {
    const volumes = [await session.create(), await session.create()]
    const seen = new Set<string>()
    for (const volume of volumes) {
      const look = await volume.look()
      const id = look.kind === 'block' ? look.device : look.kind === 'file' ? `${look.filesystem} ${look.inode}` : ''
      if (seen.has(id)) return refuted(`two volumes are attached as the same ${look.kind}: ${await volume.attach()}`)
      seen.add(id)
    }
    return upheld(`${volumes.length} volumes, each with a device or file of its own`)
  },
}

export const twoAtOnce: Check = {
  id: 'two-at-once',
  title: 'two volumes that are made, written and deleted at the same time do not affect each other',
  run: async ({ session }) => {
    const pair = await Promise.all(
      ['one', 'other'].map(async () => {
        const volume = await session.create()
        return { volume, content: mixed(session, volume) }
      }),
    )
    await Promise.all(pair.map(({ volume, content }) => volume.write(content, 'everywhere')))
    for (const { volume, content } of pair) {
      const wrong = await wrongIn(volume, content)
      if (wrong !== undefined) return wrong
    }
    await Promise.all(pair.map(({ volume }) => volume.delete()))
    return upheld(`each holds its own ${sizeText(session.volumeBytes)}`)
  },
}

export const attachRepeats: Check = {
  id: 'attach-repeats',
  title: 'a volume shows the same bytes each time it is attached',
  run: async ({ session }) => {
    const volume = await session.create()
    const content = mixed(session, volume)
    await volume.write(content, 'everywhere')
    for (let time = 0; time < ATTACHED_TIMES; time++) {
      await volume.detach()
      const wrong = await wrongIn(volume, content)
      if (wrong !== undefined) return wrong
    }
    return upheld(`the same ${sizeText(session.volumeBytes)} each of ${ATTACHED_TIMES} times`)
  },
}

export const survivesRestart: Check = {
  id: 'survives-restart',
  title: 'a volume keeps its bytes when the driver restarts',
  run: async ({ session }) => {
    const volume = await session.create()
    const content = mixed(session, volume)
    await volume.write(content, 'everywhere')
    await volume.detach()
    await session.restart()
    return (await wrongIn(volume, content)) ?? upheld(`all ${sizeText(volume.sizeBytes)} kept`)
  },
}

/** Crashes in the middle of a verb leave what nobody planned. */
export const survivesCrash: Check = {
  id: 'survives-crash',
  title: 'a driver that is killed while it makes a volume keeps the others, and what it makes afterwards reads as promised',
  run: async ({ session }) => {
    if (session.isBuiltIn) return notOffered('a built-in driver is not a program')
    await makeDirty(session, (1 + CRASHES_AT.length) * session.volumeBytes)
    const began = performance.now()
    const kept = await session.create()
    const milliseconds = performance.now() - began
    const content = mixed(session, kept)
    await kept.write(content, 'everywhere')
    await kept.detach()
    for (const part of CRASHES_AT) {
      const name = session.newName()
      await session.process.crashDuring((service) => service.createVolume(name, session.volumeBytes), part * milliseconds)
      const outcome = (await wrongIn(kept, content)) ?? (await wrongInMadeAgain(session, name))
      if (outcome !== undefined) return { ...outcome, text: `killed ${Math.round(100 * part)} % into create_volume: ${outcome.text}` }
      await kept.detach()
    }
    return upheld(`killed ${CRASHES_AT.length} times: all ${sizeText(kept.sizeBytes)} kept, and new volumes are as they should be`)
  },
}

/** Makes a volume whose making was cut short again, and looks at it. */
async function wrongInMadeAgain(session: DriverSession, name: string): Promise<CheckOutcome | undefined> {
  const volume = await makeAgain(session, name)
  const empty = { sizeBytes: await volume.actualBytes(), tag: session.lab.tag(), extents: [] }
  const stale = session.claim ? await wrongIn(volume, empty) : undefined
  if (stale !== undefined) return stale
  const content = mixed(session, volume)
  await volume.write(content, 'everywhere')
  const wrong = await wrongIn(volume, content)
  await volume.delete()
  return wrong
}

/** A user who got no answer asks again. Where the half-made volume is in the way it is deleted, and where it stays another is made. */
async function makeAgain(session: DriverSession, name: string): Promise<DriverVolume> {
  const size = session.volumeBytes
  return (
    (await ifPossible(() => session.create(size, name))) ??
    (await ifPossible(async () => {
      await session.ask('delete_volume', { name }, (service) => service.deleteVolume(name))
      return session.create(size, name)
    })) ??
    session.create(size)
  )
}

async function ifPossible<Made>(make: () => Promise<Made>): Promise<Made | undefined> {
  try {
    return await make()
  } catch (error) {
    if (error instanceof DriverFault && !(error instanceof DriverGone)) return undefined
    throw error
  }
}

export const extendKeeps: Check = {
  id: 'extend-keeps',
  title: 'an extended volume keeps its bytes',
  run: async ({ session }) => {
    const volume = await session.create()
    const content = mixed(session, volume)
    await volume.write(content, 'everywhere')
    await volume.detach()
    const newSizeBytes = 2 * volume.sizeBytes
    const grown = await session.extend(volume, newSizeBytes)
    return (await wrongIn(grown, content)) ?? upheld(`${sizeText(volume.sizeBytes)} kept, ${sizeText(newSizeBytes)} now`)
  },
}

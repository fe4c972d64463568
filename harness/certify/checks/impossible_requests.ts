import { messageOf } from '../../errors.ts'
import { Unanswered } from '../../protocol/json_rpc.ts'
import { sizeText } from '../../units.ts'
import { DriverFault, DriverGone } from '../candidate/faults.ts'
import type { DriverSession } from '../session/driver_session.ts'
import { type Check, refuted, upheld } from './check.ts'
import { mixed, wrongIn } from './volume_content.ts'

const FAR_BEYOND = 16

export const errorsAreErrors: Check = {
  id: 'errors-are-errors',
  title: 'an impossible request is an error: a missing volume, a size of 0, a name that is taken, more than fits',
  run: async ({ session }) => {
    const { about } = session.process
    const volume = await session.create()
    const content = mixed(session, volume)
    await volume.write(content, 'everywhere')
    await volume.detach()
    const tolerated: string[] = []
    const missing = { name: 'volume-that-is-not-there' }
    if (about.delete_is_idempotent === true) {
      await session.ask('delete_volume', missing, (service) => service.deleteVolume(missing.name))
      tolerated.push('deleting a missing volume succeeds, as announced')
    }
    const wrong = [
      about.delete_is_idempotent === true ? undefined : await noError(session, 'deleting a missing volume', 'delete_volume', missing),
      await noError(session, 'attaching a missing volume', 'attach_volume', missing),
      await noError(session, 'a size of 0', 'create_volume', { name: session.newName(), size_bytes: 0 }),
      await noError(session, 'a negative size', 'create_volume', { name: session.newName(), size_bytes: -session.stepBytes }),
      await noError(session, 'a name that is taken', 'create_volume', { name: volume.name, size_bytes: session.volumeBytes }),
    ].filter((text) => text !== undefined)
    const changed = await wrongIn(volume, content)
    if (changed !== undefined) return { ...changed, text: `after these errors: ${changed.text}` }
    const beyond = await beyondCapacity(session)
    if (beyond.wrong !== undefined) wrong.push(beyond.wrong)
    if (beyond.tolerated !== undefined) tolerated.push(beyond.tolerated)
    await (await session.create()).delete()
    return wrong.length > 0 ? refuted(wrong.join('; ')) : upheld(['all of them are errors', ...tolerated].join('; '))
  },
}

/** Asks for something that cannot be done. Returns a complaint when the driver answers as if it had done it. */
async function noError(session: DriverSession, what: string, ...asked: Parameters<DriverSession['raw']>): Promise<string | undefined> {
  try {
    await session.raw(...asked)
    return `${what} was not an error`
  } catch (error) {
    if (error instanceof DriverGone) throw error
    if (error instanceof Unanswered) throw new DriverFault(`${asked[0]}, ${what}: ${messageOf(error)}`)
    return undefined
  }
}

/** Asks for more than fits. A thin backend may promise it; any other must refuse, and must not leave a volume behind. */
async function beyondCapacity(session: DriverSession): Promise<{ wrong?: string; tolerated?: string }> {
  const name = session.newName()
  const sizeBytes = session.roundUp(FAR_BEYOND * session.storageBytes)
  try {
    const volume = await session.create(sizeBytes, name)
    await volume.delete()
  } catch (error) {
    if (error instanceof DriverGone || !(error instanceof DriverFault)) throw error
    const path = await session.findUnwanted(name)
    return path === undefined ? {} : { wrong: `creating more than fits failed and left ${JSON.stringify(path)}` }
  }
  return session.thinProvisioned
    ? { tolerated: `${sizeText(sizeBytes)} were promised, as thin provisioning allows` }
    : { wrong: `creating ${sizeText(sizeBytes)} on ${sizeText(session.storageBytes)} was not an error` }
}

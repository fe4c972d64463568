import { messageOf } from '../../errors.ts'
import { Unanswered } from '../../protocol/json_rpc.ts'
import type { Verb } from '../../protocol/verbs.ts'
import { sizeText } from '../../units.ts'
import { DriverFault, DriverGone } from '../candidate/faults.ts'
import type { DriverSession } from '../session/driver_session.ts'
import { type Check, refuted, upheld } from './check.ts'
import { mixed, wrongIn } from './volume_content.ts'

const FAR_BEYOND = 16

export const errorsAreErrors: Check = {
  id: 'errors-are-errors',
  title: 'what cannot be done is an error: no such volume, a size of 0, a name that is taken, more than fits',
  run: async ({ session }) => {
    const { about } = session.process
    const volume = await session.create()
    const content = mixed(session, volume)
    await volume.write(content, 'everywhere')
    await volume.detach()
    const tolerated: string[] = []
    const missing = 'volume-that-is-not-there'
    if (about.delete_is_idempotent === true) {
      await session.ask('delete_volume', { name: missing }, (service) => service.deleteVolume(missing))
      tolerated.push('deleting what is not there succeeds, as announced')
    }
    const wrong = [
      about.delete_is_idempotent === true
        ? undefined
        : await noError('delete_volume', 'deleting what is not there', () => session.process.raw('delete_volume', { name: missing })),
      await noError('attach_volume', 'attaching what is not there', () => session.process.raw('attach_volume', { name: missing })),
      await noError('create_volume', 'a size of 0', () => session.createRaw(session.newName(), 0)),
      await noError('create_volume', 'a negative size', () => session.createRaw(session.newName(), -session.stepBytes)),
      await noError('create_volume', 'a name that is taken', () => session.createRaw(volume.name, session.volumeBytes)),
    ].filter((text) => text !== undefined)
    const changed = await wrongIn(volume, content)
    if (changed !== undefined) return { ...changed, text: `after errors: ${changed.text}` }
    const beyond = await beyondCapacity(session)
    if (beyond.wrong !== undefined) wrong.push(beyond.wrong)
    if (beyond.tolerated !== undefined) tolerated.push(beyond.tolerated)
    await (await session.create()).delete()
    return wrong.length > 0 ? refuted(wrong.join('; ')) : upheld(['all are errors', ...tolerated].join('; '))
  },
}

/** What is wrong when something that cannot be done is answered as if it had been done. */
async function noError(verb: Verb, what: string, ask: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await ask()
    return `${what} was no error`
  } catch (error) {
    if (error instanceof DriverGone) throw error
    if (error instanceof Unanswered) throw new DriverFault(`${verb}, ${what}: ${messageOf(error)}`)
    return undefined
  }
}

/** A thin backend may promise more than it has; any other must refuse, and leave nothing of the attempt. */
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
    ? { tolerated: `${sizeText(sizeBytes)} were promised, as thin provisioning may` }
    : { wrong: `creating ${sizeText(sizeBytes)} on ${sizeText(session.storageBytes)} was no error` }
}

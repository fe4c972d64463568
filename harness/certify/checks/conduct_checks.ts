import { setTimeout as sleep } from 'node:timers/promises'
import type { Content } from '../../content/content.ts'
import { contentOf } from '../../content/layouts.ts'
import { messageOf } from '../../errors.ts'
import { decideCopyMode } from '../../migration/rule.ts'
import { SHIPPED_KEY, WELL_DEFINED_PROPERTY } from '../../protocol/capabilities.ts'
import { Unanswered } from '../../protocol/json_rpc.ts'
import { describeDifference } from '../../result/describe.ts'
import { sizeText } from '../../units.ts'
import { DriverFault, DriverGone } from '../candidate/driver_process.ts'
import type { DriverSession, DriverVolume } from '../driver_session.ts'
import { type Check, type CheckOutcome, refuted, upheld, wrongBytesOf } from './check.ts'

const ASKED_TIMES = 5
const BETWEEN_ASKS_MS = 100
const ATTACHED_TIMES = 3
const FAR_BEYOND = 16
const CLAIMS = [SHIPPED_KEY, WELL_DEFINED_PROPERTY] as const
const MOST_LEVELS = 100

const reportWellFormed: Check = {
  id: 'report-well-formed',
  title: 'the capability report passes the schema, and a claim in it is a boolean at the top level',
  run: async ({ driver }) => {
    const answer = await driver.service.getCapabilities()
    const { decidedBy, reason } = decideCopyMode(answer, { history: 'new', layers: [] })
    const sound = ['claimed-true', 'claimed-false', 'nothing-claimed'].includes(decidedBy)
    if (!sound) return refuted(reason)
    const odd = answer.kind === 'answered' ? oddForm(answer.report) : undefined
    return odd === undefined ? upheld(reason) : refuted(odd)
  },
}

/** What is wrong with the form of a report although the rule can read it: a claim where nobody looks, or endless nesting. */
function oddForm(report: unknown): string | undefined {
  if (typeof report !== 'object' || report === null) return undefined
  const claimsAtTop = CLAIMS.some((claim) => Object.hasOwn(report, claim))
  let level: { at: string; value: object }[] = [{ at: '', value: report }]
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > MOST_LEVELS) return `it is nested deeper than ${MOST_LEVELS} levels, which other readers of JSON refuse`
    const hidden = depth > 1 && !claimsAtTop ? level.find(({ value }) => CLAIMS.some((claim) => Object.hasOwn(value, claim))) : undefined
    if (hidden !== undefined) return `the claim in ${JSON.stringify(hidden.at)} is below the top level, where nobody looks for it`
    level = level.flatMap(({ at, value }) =>
      Object.entries(value).flatMap(([key, below]) =>
        typeof below === 'object' && below !== null ? { at: at === '' ? key : at, value: below } : [],
      ),
    )
  }
  return undefined
}

const claimStable: Check = {
  id: 'claim-stable',
  title: 'the claim stays the same over time, with volumes on the storage, and after a restart of the driver',
  run: async (session) => {
    const claims: string[] = []
    const ask = async (when: string) => {
      const decision = decideCopyMode(await session.driver.service.getCapabilities(), { history: 'new', layers: [] })
      claims.push(`${decision.decidedBy} ${when}`)
    }
    for (let asked = 1; asked <= ASKED_TIMES; asked++) {
      await ask(`when asked for the ${asked}. time`)
      await sleep(BETWEEN_ASKS_MS)
    }
    await session.create()
    await ask('with a volume on the storage')
    await session.driver.restart()
    await ask('after a restart')
    const [first = ''] = claims
    const other = claims.find((claim) => claim.split(' ')[0] !== first.split(' ')[0])
    return other === undefined ? upheld(`${first.split(' ')[0]}, ${claims.length} times`) : refuted(`${first}, but ${other}`)
  },
}

const pathsAreItsOwn: Check = {
  id: 'paths-are-its-own',
  title: "a volume is attached as a block device or file of the driver's own, of the size asked for, and no two share one",
  run: async (session) => {
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

const twoAtOnce: Check = {
  id: 'two-at-once',
  title: 'two volumes made, written and deleted at the same time keep apart',
  run: async (session) => {
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
    return upheld(`both hold their own ${sizeText(session.volumeBytes)}`)
  },
}

const attachRepeats: Check = {
  id: 'attach-repeats',
  title: 'attaching and detaching again and again shows the same bytes',
  run: async (session) => {
    const volume = await session.create()
    const content = mixed(session, volume)
    await volume.write(content, 'everywhere')
    for (let time = 0; time < ATTACHED_TIMES; time++) {
      await volume.detach()
      const wrong = await wrongIn(volume, content)
      if (wrong !== undefined) return wrong
    }
    return upheld(`${ATTACHED_TIMES} times the same ${sizeText(session.volumeBytes)}`)
  },
}

const survivesRestart: Check = {
  id: 'survives-restart',
  title: "a volume's bytes are there after a restart of the driver",
  run: async (session) => {
    const volume = await session.create()
    const content = mixed(session, volume)
    await volume.write(content, 'everywhere')
    await volume.detach()
    await session.driver.restart()
    return (await wrongIn(volume, content)) ?? upheld(`all ${sizeText(volume.sizeBytes)}`)
  },
}

const extendKeeps: Check = {
  id: 'extend-keeps',
  title: 'an extension keeps what the volume held',
  run: async (session) => {
    const volume = await session.create()
    const content = mixed(session, volume)
    await volume.write(content, 'everywhere')
    await volume.detach()
    const { name } = volume
    const newSizeBytes = 2 * volume.sizeBytes
    await session.ask('extend_volume', { name, new_size_bytes: newSizeBytes }, (service) => service.extendVolume(name, newSizeBytes))
    const grown = session.adopt(name, newSizeBytes)
    return (await wrongIn(grown, content)) ?? upheld(`${sizeText(volume.sizeBytes)} kept, ${sizeText(newSizeBytes)} now`)
  },
}

const errorsAreErrors: Check = {
  id: 'errors-are-errors',
  title: 'what cannot be done is an error: no such volume, a size of 0, a name that is taken, more than fits',
  run: async (session) => {
    const { driver } = session
    const volume = await session.create()
    const content = mixed(session, volume)
    await volume.write(content, 'everywhere')
    await volume.detach()
    const tolerated: string[] = []
    const fails = async (what: string, verb: string, params: object): Promise<string | undefined> => {
      try {
        await driver.raw(verb, params)
        return `${what} was no error`
      } catch (error) {
        if (error instanceof DriverGone) throw error
        if (error instanceof Unanswered) throw new DriverFault(`${verb}, ${what}: ${messageOf(error)}`)
        return undefined
      }
    }
    const missing = { name: 'volume-that-is-not-there' }
    if (driver.about.delete_is_idempotent === true) {
      await driver.call((service) => service.deleteVolume(missing.name))
      tolerated.push('deleting what is not there succeeds, as announced')
    }
    const wrong = [
      driver.about.delete_is_idempotent === true ? undefined : await fails('deleting what is not there', 'delete_volume', missing),
      await fails('attaching what is not there', 'attach_volume', missing),
      await fails('a size of 0', 'create_volume', { name: session.newName(), size_bytes: 0 }),
      await fails('a negative size', 'create_volume', { name: session.newName(), size_bytes: -session.stepBytes }),
      await fails('a name that is taken', 'create_volume', { name: volume.name, size_bytes: session.volumeBytes }),
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

/** A thin backend may promise more than it has; any other must refuse, and leave nothing of the attempt. */
async function beyondCapacity(session: DriverSession): Promise<{ wrong?: string; tolerated?: string }> {
  const name = session.newName()
  const sizeBytes = session.roundUp(FAR_BEYOND * session.driver.installation.storageBytes)
  try {
    const volume = await session.create(sizeBytes, name)
    await volume.delete()
  } catch (error) {
    if (error instanceof DriverGone || !(error instanceof DriverFault)) throw error
    const path = await session.driver.call((service) => service.attachVolume(name)).catch(() => undefined)
    const look = path === undefined ? undefined : await session.lab.helper.lookAtPath(path)
    return look !== undefined && look.kind !== 'missing' ? { wrong: `creating more than fits failed and left ${JSON.stringify(path)}` } : {}
  }
  return session.thinProvisioned
    ? { tolerated: `${sizeText(sizeBytes)} were promised, as thin provisioning may` }
    : { wrong: `creating ${sizeText(sizeBytes)} on ${sizeText(session.driver.installation.storageBytes)} was no error` }
}

/** The checks of what a driver does, whatever it claims. */
export const conductChecks = {
  first: [reportWellFormed],
  later: [pathsAreItsOwn, claimStable, twoAtOnce, attachRepeats, extendKeeps, survivesRestart, errorsAreErrors],
} as const satisfies Record<string, readonly Check[]>

export function mixed(session: DriverSession, { sizeBytes }: DriverVolume): Content {
  return contentOf('mixed', sizeBytes, session.lab.tag(), session.lab.seed)
}

/** A refutation when a volume does not hold a content; where it is larger, the rest is not looked at. */
export async function wrongIn(volume: DriverVolume, content: Content): Promise<CheckOutcome | undefined> {
  const wrong = wrongBytesOf({ verification: await volume.verify(content) })
  if (wrong === undefined) return undefined
  const text = `${volume.name}: ${wrong.count} of ${content.sizeBytes} bytes are wrong, first ${describeDifference(wrong.first)}`
  return { verdict: 'refuted', text, wrong }
}

import { type Content, wholly } from '../../content/content.ts'
import { BrokenLab } from '../../errors.ts'
import { METHOD_NOT_FOUND, RemoteError } from '../../protocol/json_rpc.ts'
import type { Cause } from '../../result/cause.ts'
import { DriverGone } from '../candidate/faults.ts'
import type { DriverSession, DriverVolume } from '../session/driver_session.ts'
import { type CheckOutcome, notOffered, notShown, refuted, upheld } from './check.ts'
import type { MigratedContent } from './migrate_content.ts'
import { brokenContract, whyLost } from './migration_contract.ts'

/** No such destination exists. */
const NOWHERE = { location_info: 'holeproof:nowhere', copy_mode: 'full' } as const

/** A migration that could not succeed, and what came of it. */
export interface HopelessMigration {
  readonly session: DriverSession
  readonly other: DriverSession
  readonly content: Content
  readonly migrated: MigratedContent
  /** The cause where the driver says that the volume moved, and it did not arrive whole. */
  readonly causeOfLoss: Cause
  /** Tells what is wrong with the source. Default: whatever is not as it was written. */
  readonly whyNotWhole?: typeof whyLost
}

/** The content of a volume that is data from its start on, for so many bytes. */
export function fullOfData({ lab }: DriverSession, sizeBytes: number, length: number): Content {
  return { sizeBytes, tag: lab.tag(), extents: wholly(length) }
}

/** Asks for a move to a destination that does not exist. Returns an outcome when that decides the check. */
export async function moveNowhere(session: DriverSession, { name, sizeBytes }: DriverVolume): Promise<CheckOutcome | undefined> {
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

/**
 * The driver must have said that it failed, its volume must be whole, and nothing may be left on the destination. Throws BrokenLab when a
 * peer of holeproof's own is what broke this.
 */
export async function judgeHopeless({
  session,
  other,
  content,
  migrated,
  causeOfLoss,
  whyNotWhole,
}: HopelessMigration): Promise<CheckOutcome> {
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

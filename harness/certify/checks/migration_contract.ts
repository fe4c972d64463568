import type { Content } from '../../content/content.ts'
import { BrokenLab, messageOf } from '../../errors.ts'
import type { MigrationMethod } from '../../migration/migrate.ts'
import { PeerFailed } from '../candidate/faults.ts'
import type { DriverSession, DriverVolume } from '../session/driver_session.ts'
import { type CheckOutcome, refuted } from './check.ts'
import { type MigratedContent, migrateVolume } from './migrate_content.ts'
import { wrongIn } from './volume_content.ts'

export interface FailedMigration {
  /** The driver under test. */
  readonly session: DriverSession
  readonly other: DriverSession
  readonly source: DriverSession
  readonly destination: DriverSession
  /** What the source holds. */
  readonly content: Content
  readonly migrated: MigratedContent
}

/**
 * Judges a migration that failed. Whoever failed, the source must be whole and the destination must hold nothing of it. Throws
 * PeerFailed when that, or the failure itself, is the peer's doing.
 */
export async function judgeFailure(failed: FailedMigration): Promise<CheckOutcome> {
  const { session, other, source, migrated } = failed
  const { result } = migrated
  const [said = ''] = result.outcome === 'migrated' ? ['but its volume did not arrive'] : result.why.split('\n')
  const why = `the migration ${result.outcome}: ${said}`
  const broken = await brokenContract(failed)
  if (broken !== undefined) {
    const text = `${why}; and ${broken.text}`
    if (broken.by === other) throw new PeerFailed(text)
    return refuted(text, broken.cause)
  }
  const kept = `${why}; the source is whole and nothing is left on the destination`
  if (migrated.failedAt === other) throw new PeerFailed(`${other.name} failed: ${kept}`)
  const peerFault = source === session ? await whyPeerRefuses(failed) : undefined
  if (peerFault !== undefined) throw new PeerFailed(`${other.name} takes no such volume, whoever writes it (${peerFault}): ${kept}`)
  return refuted(kept)
}

interface BrokenContract {
  readonly by: DriverSession
  readonly text: string
  readonly cause: 'source-lost' | 'arrival-left'
}

/**
 * What does not hold after a migration that failed, and whose doing it is; undefined when all of it holds. `whyNotWhole` tells what is
 * wrong with the source.
 */
export async function brokenContract(failed: FailedMigration, whyNotWhole = whyLost): Promise<BrokenContract | undefined> {
  const { source, destination, content, migrated } = failed
  const { volume, names, result } = migrated
  const lost = await whyNotWhole(volume, content)
  if (lost !== undefined) return { by: source, text: `the source is not whole: ${lost}`, cause: 'source-lost' }
  for (const name of names) {
    const path = await destination.findUnwanted(name)
    if (path === undefined) continue
    // The host's copy had a name of its own; under the source's name only the source's driver makes a volume.
    const by = name === volume.name ? source : destination
    return { by, text: `${name} is left on the destination, at ${JSON.stringify(path)}`, cause: 'arrival-left' }
  }
  const leftovers = result.outcome === 'failed' ? result.leftovers : []
  return leftovers.length === 0 ? undefined : { by: destination, text: `left: ${leftovers.join('; ')}`, cause: 'arrival-left' }
}

/** Returns what is wrong with a volume that should hold a content, or why it cannot be read. */
export async function whyLost(volume: DriverVolume, content: Content): Promise<string | undefined> {
  try {
    const wrong = await wrongIn(volume, content)
    return wrong?.text
  } catch (error) {
    if (error instanceof BrokenLab) throw error
    return messageOf(error)
  }
}

/** Asks the peer for a volume like the source and writes all of it. Returns why that fails. */
async function whyPeerRefuses({ other, content }: FailedMigration): Promise<string | undefined> {
  try {
    const volume = await other.create(content.sizeBytes)
    await volume.write(content, 'everywhere')
    const wrong = await wrongIn(volume, content)
    await volume.delete()
    return wrong?.text
  } catch (error) {
    if (error instanceof BrokenLab) throw error
    return messageOf(error)
  }
}

/** A volume that was moved to a peer by the driver, or copied there by the host where the driver declined. */
export type MovedAway =
  | { readonly arrived: DriverVolume; readonly movedBy: MigrationMethod | undefined }
  | { readonly arrived: undefined; readonly outcome: CheckOutcome }

/** Moves a volume of the driver under test to a peer, by its own means where it has them. */
export async function moveAway(session: DriverSession, peer: DriverSession, volume: DriverVolume, content: Content): Promise<MovedAway> {
  const migrated = await migrateVolume(session, peer, 'driver', volume)
  const { result, arrived } = migrated
  if (result.outcome === 'migrated' && arrived !== undefined) return { arrived, movedBy: result.movedBy }
  return {
    arrived: undefined,
    outcome: await judgeFailure({ session, other: peer, source: session, destination: peer, content, migrated }),
  }
}

/** Returns a complaint when a volume that has been migrated away is still on its source. */
export async function leftOnSource(source: DriverSession, { name }: DriverVolume): Promise<string | undefined> {
  const path = await source.findUnwanted(name)
  return path === undefined ? undefined : `${name} is still on its source, at ${JSON.stringify(path)}`
}

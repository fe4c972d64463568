import { type Content, dataBlocks } from '../../content/content.ts'
import { contentOf } from '../../content/layouts.ts'
import type { MigrationMethod } from '../../migration/migrate.ts'
import { DD_BLOCK_BYTES } from '../../movers/dd.ts'
import { describeDifference } from '../../result/describe.ts'
import { MiB, sizeText } from '../../units.ts'
import { PeerFailed } from '../candidate/faults.ts'
import type { DriverSession, DriverVolume } from '../session/driver_session.ts'
import { type Check, type CheckOutcome, refuted, upheld, wrongBytesOf } from './check.ts'
import { migrateContent, writtenTo } from './migrate_content.ts'

const LEAST_MIGRATED_BYTES = 16 * MiB
/** A filesystem counts its own extent blocks with a file's. */
const FILE_SLACK_BYTES = 64 * 1024

/** Migrations from every peer by both methods, and to every peer by the driver's own means. */
export function migrations(peers: readonly string[]): Check[] {
  const into = (['host', 'driver'] as const).flatMap((method) =>
    peers.map(
      (peer): Check => ({
        id: `migrate-in/${method}/${peer}`,
        title:
          method === 'host'
            ? `a volume copied from ${peer} by the host keeps every byte, and stays thin where the claim promises it`
            : `a volume moved from ${peer}, by that driver's own means where it can, keeps every byte`,
        run: async ({ session, peers }) => migrateBetween(peer, await peers.open(peer), session, 'in', method),
      }),
    ),
  )
  const out = peers.map(
    (peer): Check => ({
      id: `migrate-out/driver/${peer}`,
      title: `a volume moved to ${peer} by the driver's own means, or by the host where it declines, keeps every byte`,
      run: async ({ session, peers }) => peers.withFresh(peer, (fresh) => migrateBetween(peer, fresh, session, 'out', 'driver')),
    }),
  )
  return [...into, ...out]
}

async function migrateBetween(
  peer: string,
  other: DriverSession,
  session: DriverSession,
  direction: 'in' | 'out',
  method: MigrationMethod,
): Promise<CheckOutcome> {
  const [source, destination] = direction === 'in' ? [other, session] : [session, other]
  const sizeBytes = [source, destination].reduce((size, { stepBytes }) => Math.ceil(size / stepBytes) * stepBytes, LEAST_MIGRATED_BYTES)
  const content = contentOf('mixed', sizeBytes, session.lab.tag(), session.lab.seed)
  const { result, arrived } = await migrateContent(source, destination, method, content, writtenTo(source, direction))
  if (result.outcome !== 'migrated' || arrived === undefined) {
    const ended = await other.process.hasEnded()
    if (ended !== undefined) throw new PeerFailed(`${other.name} ${ended}`)
    const leftovers = result.outcome === 'failed' && result.leftovers.length > 0 ? `; left: ${result.leftovers.join('; ')}` : ''
    return refuted(`the migration ${result.outcome}: ${result.outcome === 'migrated' ? '' : result.why}${leftovers}`)
  }
  const { decision, movedBy } = result
  const how = `${movedBy === method ? `moved by the ${movedBy}` : 'declined, so copied by the host'}, ${decision?.mode} (${decision?.decidedBy})`
  const outcome = await judgeArrival(destination, arrived, content, how)
  await arrived.delete()
  // A copy that is intact but takes too much has no smaller case to look for.
  if (outcome.verdict !== 'refuted' || outcome.wrong === undefined) return outcome
  const writes = content.extents.filter(({ write }) => write === 'data')
  return { ...outcome, shownBy: { kind: 'migration', peer, direction, method, sizeBytes, writes } }
}

/** Judges every byte and the storage that the copy takes. A sparse copy leaves out whole blocks only, which limits how thin it can be. */
async function judgeArrival(destination: DriverSession, arrived: DriverVolume, content: Content, how: string): Promise<CheckOutcome> {
  const actualBytes = await arrived.actualBytes()
  const verification = await arrived.verify({ ...content, sizeBytes: actualBytes })
  const wrong = wrongBytesOf({ verification })
  const reached = wrong !== undefined && wrong.first.offset < content.sizeBytes
  if (wrong !== undefined && (reached || destination.claim)) {
    const where = reached ? '' : ' past its end'
    return {
      verdict: 'refuted',
      text: `${how}: ${wrong.count} of ${actualBytes} bytes${where} are wrong, first ${describeDifference(wrong.first)}`,
      wrong,
    }
  }
  const intact = `${how}: all ${sizeText(content.sizeBytes)} intact`
  const tail = wrong === undefined ? '' : `; ${wrong.count} stale bytes past the end of the volume, where no copy reaches`
  const mappedBytes = await arrived.mappedBytes()
  if (!destination.claim) return upheld(`${intact}${tail}`)
  if (mappedBytes === undefined) return upheld(`${intact}; the kernel does not show how much storage it takes`)
  const look = await arrived.look()
  const unit = look.kind === 'block' ? Math.ceil(look.optimalBytes / DD_BLOCK_BYTES) * DD_BLOCK_BYTES : 0
  const blockBytes = Math.max(DD_BLOCK_BYTES, unit)
  const most = Math.min(actualBytes, dataBlocks(content, blockBytes) * blockBytes) + (look.kind === 'file' ? FILE_SLACK_BYTES : 0)
  const takes = `takes ${sizeText(mappedBytes)} of ${sizeText(actualBytes)}`
  return mappedBytes > most
    ? refuted(`${intact}, but it ${takes}, and a sparse copy needs ${sizeText(most)}`)
    : upheld(`${intact}, ${takes}`)
}

import { type Content, dataBlocks } from '../../content/content.ts'
import { contentOf } from '../../content/layouts.ts'
import type { MigrationMethod } from '../../migration/migrate.ts'
import { type DestinationFacts, decideCopyMode } from '../../migration/rule.ts'
import { DD_BLOCK_BYTES } from '../../movers/dd.ts'
import { describeDifference } from '../../result/describe.ts'
import { MiB, sizeText } from '../../units.ts'
import { PeerFailed } from '../candidate/driver_process.ts'
import type { DriverSession, DriverVolume } from '../driver_session.ts'
import { type Check, type CheckOutcome, refuted, upheld, wrongBytesOf } from './check.ts'
import { mixed, wrongIn } from './conduct_checks.ts'
import { migrateContent, writtenTo } from './migration.ts'

const CHANGED_BYTES = 64 * 1024
const LEAST_MIGRATED_BYTES = 16 * MiB
/** A filesystem counts its own extent blocks with a file's. */
const FILE_SLACK_BYTES = 64 * 1024

/** Another driver, to migrate from and to. */
export interface Peer {
  readonly name: string
  /** Sets it up at its first use. */
  open(): Promise<DriverSession>
  /** Sets another one up, on storage that nobody has used: what others wrote there before would hide what a copy leaves out. */
  withFresh<Result>(use: (session: DriverSession) => Promise<Result>): Promise<Result>
}

/** A migration from every peer by both methods, and to every peer by the driver's own means. */
export function migrationChecks(peers: readonly Peer[]): Check[] {
  const into = (['host', 'driver'] as const).flatMap((method) =>
    peers.map(
      (peer): Check => ({
        id: `migrate-in/${method}/${peer.name}`,
        title:
          method === 'host'
            ? `a volume copied from ${peer.name} by the host keeps every byte, and stays thin where that is promised`
            : `a volume moved from ${peer.name}, by that driver's own means where it can, keeps every byte`,
        run: async (session) => migrateBetween(peer, await peer.open(), session, 'in', method),
      }),
    ),
  )
  const out = peers.map(
    (peer): Check => ({
      id: `migrate-out/driver/${peer.name}`,
      title: `a volume moved to ${peer.name} by the driver's own means, or by the host where it declines, keeps every byte`,
      run: (session) => peer.withFresh((fresh) => migrateBetween(peer, fresh, session, 'out', 'driver')),
    }),
  )
  return [...into, ...out]
}

async function migrateBetween(
  peer: Peer,
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
    const ended = await other.driver.hasEnded()
    if (ended !== undefined) throw new PeerFailed(`${other.name} ${ended}`)
    const leftovers = result.outcome === 'failed' && result.leftovers.length > 0 ? `; left: ${result.leftovers.join('; ')}` : ''
    return refuted(`the migration ${result.outcome}: ${result.outcome === 'migrated' ? '' : result.why}${leftovers}`)
  }
  const { decision, movedBy } = result
  const how = `${movedBy === method ? `moved by the ${movedBy}` : 'declined, so copied by the host'}, ${decision?.mode} (${decision?.decidedBy})`
  const outcome = await judgeArrival(destination, arrived, content, how)
  await arrived.delete()
  // Of a copy that is whole but takes too much there is no smaller case to look for.
  if (outcome.verdict !== 'refuted' || outcome.wrong === undefined) return outcome
  const writes = content.extents.filter(({ write }) => write === 'data')
  return { ...outcome, shownBy: { kind: 'migration', peer: peer.name, direction, method, sizeBytes, writes } }
}

/** Every byte, and what it takes. A sparse copy leaves out whole blocks only, so that is how thin a copy can be. */
async function judgeArrival(destination: DriverSession, arrived: DriverVolume, content: Content, how: string): Promise<CheckOutcome> {
  const actualBytes = await arrived.actualBytes()
  const verification = await arrived.verify({ ...content, sizeBytes: actualBytes })
  const wrong = wrongBytesOf({ verification })
  const reached = wrong !== undefined && wrong.first.offset < content.sizeBytes
  if (wrong !== undefined && (reached || destination.claim)) {
    const where = reached ? '' : ' behind its end'
    return {
      verdict: 'refuted',
      text: `${how}: ${wrong.count} of ${actualBytes} bytes${where} are wrong, first ${describeDifference(wrong.first)}`,
      wrong,
    }
  }
  const intact = `${how}: all ${sizeText(content.sizeBytes)} intact`
  const tail = wrong === undefined ? '' : `; ${wrong.count} old bytes behind its end, where no copy reaches`
  const mappedBytes = await arrived.mappedBytes()
  if (!destination.claim) return upheld(`${intact}${tail}`)
  if (mappedBytes === undefined) return upheld(`${intact}; the kernel does not tell what it takes`)
  const look = await arrived.look()
  const unit = look.kind === 'block' ? Math.ceil(look.optimalBytes / DD_BLOCK_BYTES) * DD_BLOCK_BYTES : 0
  const blockBytes = Math.max(DD_BLOCK_BYTES, unit)
  const most = Math.min(actualBytes, dataBlocks(content, blockBytes) * blockBytes) + (look.kind === 'file' ? FILE_SLACK_BYTES : 0)
  const takes = `takes ${sizeText(mappedBytes)} of ${sizeText(actualBytes)}`
  return mappedBytes > most
    ? refuted(`${intact}, but it ${takes}, and a sparse copy needs ${sizeText(most)}`)
    : upheld(`${intact}, ${takes}`)
}

/** Volumes that are not new: they hold what they were made from, and the rule never takes them for zero. */
export function copyChecks(thinSource: Peer): Check[] {
  return [
    {
      id: 'snapshot-is-not-new',
      title: 'a volume made from a snapshot holds the snapshot, and a migration onto it copies every block',
      run: async (session) => {
        const { origin, content } = await makeOrigin(session)
        const snapshot = await session.snapshot(origin.name)
        // What is written afterwards belongs to the origin alone.
        await origin.write(changeOf(content, session))
        await origin.detach()
        const name = session.newName()
        const params = { name, size_bytes: origin.sizeBytes, snapshot_name: snapshot.name, volume_name: origin.name }
        const made = await session.make(name, origin.sizeBytes, 'create_volume_from_snapshot', params, (service) =>
          service.createVolumeFromSnapshot(name, origin.sizeBytes, snapshot.name, origin.name),
        )
        return copyOntoUsed(session, made, content, thinSource, 'restored-snapshot')
      },
    },
    {
      id: 'clone-is-not-new',
      title: 'a clone holds what its source held, and a migration onto it copies every block',
      run: async (session) => {
        const { origin, content } = await makeOrigin(session)
        const name = session.newName()
        const params = { name, size_bytes: origin.sizeBytes, source_name: origin.name }
        const made = await session.make(name, origin.sizeBytes, 'create_cloned_volume', params, (service) =>
          service.createClonedVolume(name, origin.sizeBytes, origin.name),
        )
        await origin.write(changeOf(content, session))
        await origin.detach()
        return copyOntoUsed(session, made, content, thinSource, 'clone')
      },
    },
  ]
}

async function makeOrigin(session: DriverSession): Promise<{ origin: DriverVolume; content: Content }> {
  const origin = await session.create()
  const content = mixed(session, origin)
  await origin.write(content, 'everywhere')
  await origin.detach()
  return { origin, content }
}

/** Other data in a whole block of what was written: a single byte might come out the same. */
function changeOf(content: Content, session: DriverSession): Content {
  const whole = content.extents.filter(({ write, length }) => write === 'data' && length >= CHANGED_BYTES)
  return { ...content, tag: session.lab.tag(), extents: whole.slice(0, 1) }
}

async function copyOntoUsed(
  session: DriverSession,
  made: DriverVolume,
  content: Content,
  thinSource: Peer,
  origin: DestinationFacts['history'],
): Promise<CheckOutcome> {
  const wrong = await wrongIn(made, content)
  if (wrong !== undefined) return wrong
  const { mode, reason } = decideCopyMode(session.answer, { history: origin, layers: [] })
  const source = await (await thinSource.open()).create(made.sizeBytes)
  const fresh: Content = { ...mixed(session, made), extents: [{ offset: 0, length: 512, write: 'data' }] }
  await source.write(fresh)
  await session.testBed.mover(session.lab, { from: await source.attach(), to: await made.attach(), bytes: made.sizeBytes, mode })
  const after = await wrongIn(made, fresh)
  await source.delete()
  if (after !== undefined) return { ...after, text: `after a ${mode} copy (${reason}): ${after.text}` }
  return mode === 'full'
    ? upheld(`it holds ${sizeText(made.sizeBytes)} as it should; the rule wants a full copy: ${reason}`)
    : refuted(reason)
}

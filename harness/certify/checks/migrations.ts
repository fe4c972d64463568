import { type Content, dataBlocks } from '../../content/content.ts'
import { messageOf } from '../../errors.ts'
import { isOnDestination, type MigrationMethod } from '../../migration/migrate.ts'
import { DD_BLOCK_BYTES } from '../../movers/dd.ts'
import { Instance } from '../../movers/mirror/instance.ts'
import { causeOfWrong } from '../../result/cause.ts'
import { describeDifference } from '../../result/describe.ts'
import { SECTOR_BYTES, sizeText } from '../../units.ts'
import { DriverFault, PeerFailed } from '../candidate/faults.ts'
import type { DriverSession, DriverVolume } from '../session/driver_session.ts'
import type { DriverUnderTest } from '../session/driver_under_test.ts'
import { type Check, type CheckOutcome, refuted, upheld, wrongBytesOf } from './check.ts'
import { type MigratedContent, makeSource, makeUnflushedSource, migrateVolume } from './migrate_content.ts'
import { inUse, migratedShapes, shapedContent } from './migrated_volumes.ts'
import { judgeFailure, leftOnSource } from './migration_contract.ts'

/** A filesystem counts its own extent blocks with a file's. */
const FILE_SLACK_BYTES = 64 * 1024

/** Migrations from every peer by both methods, to every peer by the driver's own means, and of volumes in use. */
export function migrations(peers: readonly string[]): Check[] {
  const into = (['host', 'driver'] as const).flatMap((method) =>
    peers.map(
      (peer, turn): Check => ({
        id: `migrate-in/${method}/${peer}`,
        title:
          method === 'host'
            ? `a volume copied from ${peer} by the host keeps every byte, and stays thin where the claim promises it`
            : `a volume moved from ${peer}, by that driver's own means where it can, keeps every byte`,
        run: async ({ session, peers }) =>
          migrateBetween({ peer, other: await peers.open(peer), session, direction: 'in', method, turn, notes: new Set() }),
      }),
    ),
  )
  const out = peers.map(
    (peer, turn): Check => ({
      id: `migrate-out/driver/${peer}`,
      title: `a volume moved to ${peer} by the driver's own means, or by the host where it declines, keeps every byte`,
      run: async ({ session, peers }) =>
        peers.withFresh(peer, (other) =>
          migrateBetween({ peer, other, session, direction: 'out', method: 'driver', turn, notes: new Set() }),
        ),
    }),
  )
  const live = (['in', 'out'] as const).flatMap((direction) =>
    LIVE_PEERS.map(
      (peer, turn): Check => ({
        id: `migrate-${direction}/live/${peer}`,
        title: `a volume mirrored ${direction === 'in' ? 'from' : 'to'} ${peer} by QEMU while an instance writes keeps every write`,
        run: (driver) => {
          const { session, peers } = driver
          return peers.withFresh(peer, (other) =>
            migrateBetween({ peer, other, session, direction, method: 'live', turn, notes: new Set(), driver }),
          )
        },
      }),
    ),
  )
  return [...into, ...out, ...live]
}

/** Of a device QEMU copies everything; of a file it leaves the holes out where the claim permits it. */
const LIVE_PEERS = ['lvm-thin', 'nfs'] as const

interface Between {
  readonly peer: string
  readonly other: DriverSession
  /** The driver under test. */
  readonly session: DriverSession
  readonly direction: 'in' | 'out'
  readonly method: MigrationMethod
  readonly turn: number
  /** Gives a lab to the instance that has the volume in use: of a live migration. */
  readonly driver?: DriverUnderTest
  /** Notes on the volumes that arrived on the driver under test. */
  readonly notes: Set<string>
}

async function migrateBetween(between: Between): Promise<CheckOutcome> {
  const { peer, other, session, direction, method, turn, notes } = between
  const [source, destination] = direction === 'in' ? [other, session] : [session, other]
  const steps = [source.stepBytes, destination.stepBytes]
  const seen: string[] = []
  for (const shape of method === 'live' ? [inUse] : migratedShapes(Math.max(...steps), turn)) {
    const content = shapedContent(shape, steps, session.lab.tag(), session.lab.seed)
    const volume = await ofPeer(other, source === other, () => (shape.unflushed ? makeUnflushedSource : makeSource)(source, content))
    const migrated = await migrate(between, source, destination, volume, content)
    const outcome = await judgeMigration(between, source, destination, migrated.held ?? content, migrated)
    if (outcome.verdict === 'refuted' && outcome.wrong !== undefined && method !== 'live') {
      const writes = content.extents.filter(({ write }) => write === 'data')
      return { ...outcome, shownBy: { kind: 'migration', peer, direction, method, sizeBytes: content.sizeBytes, writes } }
    }
    if (outcome.verdict !== 'upheld') return outcome
    seen.push(outcome.text)
    // What the host copies is the matter of other checks.
    if (migrated.result.outcome === 'migrated' && migrated.result.movedBy !== method) break
  }
  return upheld([withOneHead(seen), ...[...notes].map((note) => `note: ${note}`)].join('; '))
}

/** Migrates a volume; by the method `live` while an instance writes to it. */
async function migrate(
  { method, other, driver }: Between,
  source: DriverSession,
  destination: DriverSession,
  volume: DriverVolume,
  content: Content,
): Promise<MigratedContent> {
  if (driver === undefined) return migrateVolume(source, destination, method, volume)
  const path = await ofPeer(other, source === other, () => volume.attach())
  const migrated = await driver.withLab(async (lab) => {
    const instance = await Instance.start(lab, await driver.testBed.storageDaemon(), { path, content, writer: 'mixed' })
    return migrateVolume(source, destination, method, volume, instance)
  })
  const { refusal, arrived } = migrated
  if (refusal !== undefined)
    await ofPeer(other, refusal.by === other, async () => {
      throw new DriverFault(`the volume of an instance on ${refusal.by.name} failed: ${refusal.text}`)
    })
  if (arrived !== undefined) await ofPeer(other, destination === other, () => arrived.detach())
  return migrated
}

/** Where a step is the peer's alone, a fault in it is the peer's, and says nothing about the driver under test. */
async function ofPeer<Done>({ name }: DriverSession, isPeers: boolean, step: () => Promise<Done>): Promise<Done> {
  try {
    return await step()
  } catch (error) {
    if (isPeers && error instanceof DriverFault) throw new PeerFailed(`${name}: ${messageOf(error)}`, { cause: error })
    throw error
  }
}

/** Joins texts of the form "how: what"; how comes once where it is the same. */
function withOneHead(texts: readonly string[]): string {
  const [first = ''] = texts
  const head = first.slice(0, first.indexOf(': ') + 2)
  return texts.map((text, index) => (index > 0 && text.startsWith(head) ? text.slice(head.length) : text)).join('; ')
}

/** Judges a migration by what was answered, on its source and on its destination. */
async function judgeMigration(
  { other, session, direction, method, notes }: Between,
  source: DriverSession,
  destination: DriverSession,
  content: Content,
  migrated: MigratedContent,
): Promise<CheckOutcome> {
  const { result, volume, arrived } = migrated
  if (result.outcome !== 'migrated' && isOnDestination(result)) {
    const text = `the volume had moved, and its source could not be let go of: ${result.why}`
    if (source === other) throw new PeerFailed(`${other.name}: ${text}`)
    return refuted(text, 'source-left')
  }
  if (result.outcome !== 'migrated' || arrived === undefined) {
    const ended = await other.process.hasEnded()
    if (ended !== undefined) throw new PeerFailed(`${other.name} ${ended}`)
    return judgeFailure({ session, other, source, destination, content, migrated })
  }
  const { decision, movedBy } = result
  const by =
    movedBy === 'live' ? 'mirrored while in use' : movedBy === method ? `moved by the ${movedBy}` : 'declined, so copied by the host'
  // A driver that moves a volume itself is told how to copy, and need not obey.
  const mode = movedBy === 'driver' ? `asked for a ${decision?.mode} copy` : decision?.mode
  const how = `${by}, ${mode} (${decision?.decidedBy})`
  const left = await leftOnSource(source, volume)
  for (const note of direction === 'in' ? await notesOn(destination, arrived) : []) notes.add(note)
  const outcome = await ofPeer(other, destination === other && movedBy === 'host', () =>
    judgeArrival(destination, arrived, content, how, direction === 'in' && movedBy === 'host'),
  )
  if (outcome.verdict === 'refuted' && destination === other && movedBy === 'host' && !other.isBuiltIn)
    throw new PeerFailed(`${other.name}, after a copy by the host: ${outcome.text}`)
  await arrived.delete()
  if (outcome.verdict !== 'upheld' || left === undefined) return outcome
  if (source === other) throw new PeerFailed(left)
  return refuted(`${how}: ${left}`, 'source-left')
}

/**
 * Judges every byte and, where the destination answers for it, the storage that the copy takes: a sparse copy by the host leaves out
 * whole blocks only, which limits how thin it can be. A mover of a driver's own may write more.
 */
async function judgeArrival(
  destination: DriverSession,
  arrived: DriverVolume,
  content: Content,
  how: string,
  mustBeThin: boolean,
): Promise<CheckOutcome> {
  const actualBytes = await arrived.actualBytes()
  const whole = { ...content, sizeBytes: actualBytes }
  // Past its end a volume is as its driver promises for new ones.
  const promised = destination.claim ? whole : content
  const wrong = wrongBytesOf({ verification: await arrived.verify(promised) })
  if (wrong !== undefined) {
    const where = wrong.first.offset < content.sizeBytes ? '' : ' past its end'
    return {
      verdict: 'refuted',
      text: `${how}: ${wrong.count} of ${promised.sizeBytes} bytes${where} are wrong, first ${describeDifference(wrong.first)}`,
      wrong,
      cause: causeOfWrong(wrong, content.sizeBytes),
    }
  }
  const intact = `${how}: all ${sizeText(content.sizeBytes)} intact`
  if (!destination.claim) return upheld(`${intact}${await tailText(arrived, whole, content)}`)
  const mappedBytes = await arrived.mappedBytes()
  if (mappedBytes === undefined) return upheld(`${intact}; the kernel does not show how much storage it takes`)
  const look = await arrived.look()
  const unit = look.kind === 'block' ? Math.ceil(look.optimalBytes / DD_BLOCK_BYTES) * DD_BLOCK_BYTES : 0
  const blockBytes = Math.max(DD_BLOCK_BYTES, unit)
  const most = Math.min(actualBytes, dataBlocks(content, blockBytes) * blockBytes) + (look.kind === 'file' ? FILE_SLACK_BYTES : 0)
  const takes = `takes ${sizeText(mappedBytes)} of ${sizeText(actualBytes)}`
  if (mappedBytes <= most) return upheld(`${intact}, ${takes}`)
  if (!mustBeThin) return upheld(`${intact}, ${takes}, where a sparse copy by the host takes ${sizeText(most)} at most`)
  return refuted(`${intact}, but it ${takes}, and a sparse copy needs ${sizeText(most)}`, 'thick')
}

/** What lies between the end of a volume and the end of its device, where no copy reaches. */
async function tailText(arrived: DriverVolume, whole: Content, { sizeBytes }: Content): Promise<string> {
  if (whole.sizeBytes === sizeBytes) return ''
  const { wrongBytes } = await arrived.verify(whole)
  return wrongBytes === 0 ? '' : `; ${wrongBytes} stale bytes past the end of the volume, where no copy reaches`
}

/** Where every byte is right and a user will still trip. */
async function notesOn({ thinProvisioned }: DriverSession, arrived: DriverVolume): Promise<string[]> {
  const look = await arrived.look()
  const hasLarge = look.kind === 'block' && look.logicalBytes > SECTOR_BYTES
  const mappedBytes = look.kind === 'file' && !thinProvisioned ? await arrived.mappedBytes() : undefined
  const hasLost = mappedBytes !== undefined && mappedBytes < (await arrived.actualBytes())
  return [
    ...(hasLarge
      ? [`its logical blocks are of ${sizeText(look.logicalBytes)}: a partition table of 512-byte blocks is not found on it`]
      : []),
    ...(hasLost ? ['it takes less than the driver promises to keep for it: a sparse copy loses preallocation'] : []),
  ]
}

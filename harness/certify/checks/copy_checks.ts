import { type Content, dataBlocks } from '../../content/content.ts'
import { contentOf } from '../../content/layouts.ts'
import type { MigrationMethod } from '../../migration/migrate.ts'
import { type Destination, decideCopyMode } from '../../migration/rule.ts'
import { DD_BLOCK_BYTES } from '../../movers/dd.ts'
import { describeDifference } from '../../result/describe.ts'
import { MiB, sizeText } from '../../units.ts'
import { PartnerFault } from '../candidate/driver_process.ts'
import { type Check, type Outcome, refuted, upheld, wrongBytesOf } from './check.ts'
import { mixed, wrongIn } from './conduct_checks.ts'
import { migrateContent, writtenTo } from './migration.ts'
import type { Trial, TrialVolume } from './trial.ts'

const CHANGED_BYTES = 64 * 1024
const LEAST_MIGRATED_BYTES = 16 * MiB
/** A filesystem counts its own extent blocks with a file's. */
const FILE_SLACK_BYTES = 64 * 1024

/** Another driver, to migrate from and to. */
export interface Partner {
  readonly name: string
  /** Sets it up at its first use. */
  open(): Promise<Trial>
  /** Sets another one up, on storage that nobody has used: what others wrote there before would hide what a copy leaves out. */
  withFresh<Result>(use: (trial: Trial) => Promise<Result>): Promise<Result>
}

/** A migration from every partner by both methods, and to every partner by the driver's own means. */
export function migrationChecks(partners: readonly Partner[]): Check[] {
  const into = (['host', 'driver'] as const).flatMap((method) =>
    partners.map(
      (partner): Check => ({
        id: `migrate-in/${method}/${partner.name}`,
        title:
          method === 'host'
            ? `a volume copied from ${partner.name} by the host keeps every byte, and stays thin where that is promised`
            : `a volume moved from ${partner.name}, by that driver's own means where it can, keeps every byte`,
        run: async (trial) => migrateBetween(partner, await partner.open(), trial, 'in', method),
      }),
    ),
  )
  const out = partners.map(
    (partner): Check => ({
      id: `migrate-out/driver/${partner.name}`,
      title: `a volume moved to ${partner.name} by the driver's own means, or by the host where it declines, keeps every byte`,
      run: (trial) => partner.withFresh((fresh) => migrateBetween(partner, fresh, trial, 'out', 'driver')),
    }),
  )
  return [...into, ...out]
}

async function migrateBetween(
  partner: Partner,
  other: Trial,
  trial: Trial,
  direction: 'in' | 'out',
  method: MigrationMethod,
): Promise<Outcome> {
  const [source, destination] = direction === 'in' ? [other, trial] : [trial, other]
  const sizeBytes = [source, destination].reduce((size, { stepBytes }) => Math.ceil(size / stepBytes) * stepBytes, LEAST_MIGRATED_BYTES)
  const content = contentOf('mixed', sizeBytes, trial.lab.tag(), trial.lab.seed)
  const { result, arrived } = await migrateContent(source, destination, method, content, writtenTo(source, direction))
  if (result.outcome !== 'migrated' || arrived === undefined) {
    const ended = await other.driver.hasEnded()
    if (ended !== undefined) throw new PartnerFault(`${other.name} ${ended}`)
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
  return { ...outcome, shownBy: { kind: 'migration', partner: partner.name, direction, method, sizeBytes, writes } }
}

/** Every byte, and what it takes. A sparse copy leaves out whole blocks only, so that is how thin a copy can be. */
async function judgeArrival(destination: Trial, arrived: TrialVolume, content: Content, how: string): Promise<Outcome> {
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
export function copyChecks(thinSource: Partner): Check[] {
  return [
    {
      id: 'snapshot-is-not-new',
      title: 'a volume made from a snapshot holds the snapshot, and a migration onto it copies every block',
      run: async (trial) => {
        const { origin, content } = await makeOrigin(trial)
        const snapshot = await trial.snapshot(origin.name)
        // What is written afterwards belongs to the origin alone.
        await origin.write(changeOf(content, trial))
        await origin.detach()
        const name = trial.newName()
        const params = { name, size_bytes: origin.sizeBytes, snapshot_name: snapshot.name, volume_name: origin.name }
        const made = await trial.make(name, origin.sizeBytes, 'create_volume_from_snapshot', params, (service) =>
          service.createVolumeFromSnapshot(name, origin.sizeBytes, snapshot.name, origin.name),
        )
        return copyOntoUsed(trial, made, content, thinSource, 'restored-snapshot')
      },
    },
    {
      id: 'clone-is-not-new',
      title: 'a clone holds what its source held, and a migration onto it copies every block',
      run: async (trial) => {
        const { origin, content } = await makeOrigin(trial)
        const name = trial.newName()
        const params = { name, size_bytes: origin.sizeBytes, source_name: origin.name }
        const made = await trial.make(name, origin.sizeBytes, 'create_cloned_volume', params, (service) =>
          service.createClonedVolume(name, origin.sizeBytes, origin.name),
        )
        await origin.write(changeOf(content, trial))
        await origin.detach()
        return copyOntoUsed(trial, made, content, thinSource, 'clone')
      },
    },
  ]
}

async function makeOrigin(trial: Trial): Promise<{ origin: TrialVolume; content: Content }> {
  const origin = await trial.create()
  const content = mixed(trial, origin)
  await origin.write(content, 'everywhere')
  await origin.detach()
  return { origin, content }
}

/** Other data in a whole block of what was written: a single byte might come out the same. */
function changeOf(content: Content, trial: Trial): Content {
  const whole = content.extents.filter(({ write, length }) => write === 'data' && length >= CHANGED_BYTES)
  return { ...content, tag: trial.lab.tag(), extents: whole.slice(0, 1) }
}

async function copyOntoUsed(
  trial: Trial,
  made: TrialVolume,
  content: Content,
  thinSource: Partner,
  origin: Destination['origin'],
): Promise<Outcome> {
  const wrong = await wrongIn(made, content)
  if (wrong !== undefined) return wrong
  const { mode, reason } = decideCopyMode(trial.answer, { origin, layers: [] })
  const source = await (await thinSource.open()).create(made.sizeBytes)
  const fresh: Content = { ...mixed(trial, made), extents: [{ offset: 0, length: 512, write: 'data' }] }
  await source.write(fresh)
  await trial.bench.mover(trial.lab, { from: await source.attach(), to: await made.attach(), bytes: made.sizeBytes, mode })
  const after = await wrongIn(made, fresh)
  await source.delete()
  if (after !== undefined) return { ...after, text: `after a ${mode} copy (${reason}): ${after.text}` }
  return mode === 'full'
    ? upheld(`it holds ${sizeText(made.sizeBytes)} as it should; the rule wants a full copy: ${reason}`)
    : refuted(reason)
}

import { messageOf } from '../machine/errors.ts'
import type { CopyMode } from '../movers/mover.ts'
import { type Answer, capabilityReportSchema } from './capabilities.ts'
import { type Decision, decideCopyMode, type Rule } from './rule.ts'
import type { Backend, MigrationStatus, Volume } from './volume.ts'
import type { VolumeService } from './volume_service.ts'

/** `driver`: the source's driver tries first, the host copies when it declines. `host`: the host copies. */
export type MigrationMethod = 'driver' | 'host'

export interface MigrationParts {
  /** Copies between two attached volumes; `bytes` is the volume's size. */
  readonly copy: (from: string, to: string, bytes: number, mode: CopyMode) => Promise<void>
  /** The size of an attached volume in bytes. */
  readonly sizeOf: (path: string) => Promise<number>
  /** The rule that is used; another one only to show what it would do. */
  readonly rule?: Rule
  /** Whose claim is asked; the source's only to show what that would do. */
  readonly ask?: (migration: { source: VolumeService; destination: VolumeService }) => Promise<Answer>
}

export interface MigrationRecord {
  readonly states: readonly MigrationStatus[]
  readonly answer?: Answer
  readonly decision?: Decision
  /** How the data moved in the end. */
  readonly movedBy?: MigrationMethod
}

export type MigrationResult =
  | ({ readonly outcome: 'migrated' } & MigrationRecord)
  /** Nothing was touched. */
  | { readonly outcome: 'refused'; readonly why: string }
  /** The source is as it was, the destination removed; `leftovers` names what could not be undone. */
  | ({ readonly outcome: 'failed'; readonly why: string; readonly leftovers: readonly string[] } & MigrationRecord)

/**
 * Migrates a volume to another backend: creates the destination, asks its driver, decides, copies, checks, deletes the
 * source and hands the name over. Whatever fails, the source stays whole and the destination goes.
 */
export async function migrate(
  volume: Volume,
  destination: Backend,
  method: MigrationMethod,
  parts: MigrationParts,
): Promise<MigrationResult> {
  const refusal = refuses(volume, destination)
  if (refusal !== undefined) return { outcome: 'refused', why: refusal }

  const source = volume.backend
  const states: MigrationStatus[] = []
  const enter = (state: MigrationStatus) => {
    volume.migrationStatus = state
    states.push(state)
  }
  const undo: { what: string; run: () => Promise<void> }[] = []
  let record: Omit<MigrationRecord, 'states'> = {}
  try {
    enter('starting')
    const ask = parts.ask ?? (({ destination }) => destination.getCapabilities())
    const rule = parts.rule ?? decideCopyMode
    const answer = await ask({ source: source.service, destination: destination.service })
    const decision = rule(answer, { origin: 'new', layers: [] })
    record = { answer, decision }

    if (method === 'driver') {
      enter('migrating')
      const moved = await source.service.migrateVolume(volume.name, { locationInfo: locationOf(answer), copyMode: decision.mode })
      if (moved) {
        record = { ...record, movedBy: 'driver' }
        volume.backend = destination
        enter('success')
        return { outcome: 'migrated', states, ...record }
      }
    }

    const arrival = `${volume.name}-migration`
    undo.push({ what: `the destination volume ${arrival}`, run: () => destination.service.deleteVolume(arrival) })
    try {
      await destination.service.createVolume(arrival, volume.sizeBytes)
    } catch (error) {
      // A driver that fails to create should leave nothing; one that leaves something is asked to remove it.
      await undo
        .pop()
        ?.run()
        .catch(() => {})
      throw error
    }
    undo.push({ what: 'the attachment of the source', run: () => source.service.detachVolume(volume.name) })
    const from = await source.service.attachVolume(volume.name)
    undo.push({ what: 'the attachment of the destination', run: () => destination.service.detachVolume(arrival) })
    const to = await destination.service.attachVolume(arrival)

    const room = await parts.sizeOf(to)
    if (room < volume.sizeBytes) throw new Error(`the destination volume holds ${room} bytes, fewer than the source's ${volume.sizeBytes}`)
    if (volume.migrationStatus !== 'migrating') enter('migrating')
    await parts.copy(from, to, volume.sizeBytes, decision.mode)
    const after = await parts.sizeOf(to)
    if (after < volume.sizeBytes)
      throw new Error(`after the copy the destination holds ${after} bytes, fewer than the source's ${volume.sizeBytes}`)
    record = { ...record, movedBy: 'host' }

    for (const step of undo.splice(1).reverse()) await step.run()
    enter('completing')
    await source.service.deleteVolume(volume.name)
    undo.length = 0 // from here on the destination is the volume
    volume.backend = destination
    await destination.service.updateMigratedVolume(arrival, volume.name)
    enter('success')
    return { outcome: 'migrated', states, ...record }
  } catch (error) {
    const leftovers: string[] = []
    for (const { what, run } of undo.reverse()) {
      await run().catch((second: unknown) => leftovers.push(`${what}: ${messageOf(second)}`))
    }
    enter('error')
    return { outcome: 'failed', why: messageOf(error), leftovers, states, ...record }
  }
}

function refuses(volume: Volume, destination: Backend): string | undefined {
  if (volume.status !== 'available') return `the volume is ${volume.status}, not available`
  if (volume.backend.name === destination.name) return `the volume is on ${destination.name} already`
  const busy: readonly (MigrationStatus | null)[] = ['starting', 'migrating', 'completing']
  if (busy.includes(volume.migrationStatus)) return `the volume is migrating already (${volume.migrationStatus})`
  return undefined
}

function locationOf(answer: Answer): unknown {
  if (answer.kind === 'unanswered') return undefined
  const report = capabilityReportSchema.safeParse(answer.report)
  return report.success ? report.data.location_info : undefined
}

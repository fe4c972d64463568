import { randomUUID } from 'node:crypto'
import { messageOf } from '../errors.ts'
import { type Answer, capabilityReportSchema } from '../protocol/capabilities.ts'
import { Unanswered } from '../protocol/json_rpc.ts'
import type { VolumeService } from '../protocol/volume_service.ts'
import type { CopyMode } from '../result/copy_mode.ts'
import { type Decision, decideCopyMode, type Rule } from './rule.ts'
import type { Backend, MigrationStatus, Volume } from './volume.ts'

/** `driver`: the source's driver tries first, the host copies when it declines. `host`: the host copies. */
export type MigrationMethod = 'driver' | 'host'

export interface MigrationParts {
  /** Copies between two attached volumes; `bytes` is the volume's size. */
  readonly copy: (from: string, to: string, bytes: number, mode: CopyMode) => Promise<void>
  /** The size of an attached volume in bytes. */
  readonly sizeOf: (path: string) => Promise<number>
  /** Names the destination volume until it takes over the source's name; by default a new UUID each time, as in Cinder. */
  readonly newName?: () => string
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
  const refusal = rejectionReason(volume, destination)
  if (refusal !== undefined) return { outcome: 'refused', why: refusal }

  const source = volume.backend
  const states: MigrationStatus[] = []
  const enter = (state: MigrationStatus) => {
    volume.migrationStatus = state
    states.push(state)
  }
  const undo = new UndoList()
  let record: Omit<MigrationRecord, 'states'> = {}
  try {
    enter('starting')
    const decide = async () => {
      const ask = parts.ask ?? (({ destination }) => destination.getCapabilities())
      const answer = await ask({ source: source.service, destination: destination.service })
      const decision = (parts.rule ?? decideCopyMode)(answer, { history: 'new', layers: destination.layers ?? [] })
      record = { answer, decision }
      return { answer, decision }
    }

    if (method === 'driver') {
      const { answer, decision } = await decide()
      enter('migrating')
      const moved = await source.service.migrateVolume(volume.name, {
        locationInfo: locationOf(answer),
        copyMode: decision.mode,
        sizeBytes: volume.sizeBytes,
      })
      if (moved) {
        record = { ...record, movedBy: 'driver' }
        volume.backend = destination
        enter('success')
        return { outcome: 'migrated', states, ...record }
      }
    }

    // A name of its own, as Cinder's: whatever is undone under it was made by this migration.
    const arrival = parts.newName?.() ?? `volume-${randomUUID()}`
    undo.add(`the destination volume ${arrival}`, () => removeHalfMade(destination.service, arrival))
    await destination.service.createVolume(arrival, volume.sizeBytes)
    undo.replaceLast(() => destination.service.deleteVolume(arrival))
    const { decision } = await decide()
    undo.add('the attachment of the source', () => source.service.detachVolume(volume.name))
    const from = await source.service.attachVolume(volume.name)
    undo.add('the attachment of the destination', () => destination.service.detachVolume(arrival))
    const to = await destination.service.attachVolume(arrival)

    const room = await parts.sizeOf(to)
    if (room < volume.sizeBytes) throw new Error(`the destination volume holds ${room} bytes, fewer than the source's ${volume.sizeBytes}`)
    if (volume.migrationStatus !== 'migrating') enter('migrating')
    await parts.copy(from, to, volume.sizeBytes, decision.mode)
    const after = await parts.sizeOf(to)
    if (after < volume.sizeBytes) {
      throw new Error(`after the copy the destination holds ${after} bytes, fewer than the source's ${volume.sizeBytes}`)
    }
    record = { ...record, movedBy: 'host' }

    await undo.runLast() // detach the destination
    await undo.runLast() // detach the source
    enter('completing')
    // From here on the destination may be the only copy: nothing may remove it, unless the source is known to be there.
    const removal = await deleteSource(source.service, volume.name)
    if (removal.source === 'there') throw removal.error
    undo.replace(`the copy on ${destination.name}, as ${arrival}`)
    if (removal.source === 'unknown') throw removal.error
    volume.backend = destination
    if (!(await destination.service.updateMigratedVolume(arrival, volume.name))) volume.name = arrival
    enter('success')
    return { outcome: 'migrated', states, ...record }
  } catch (error) {
    const leftovers = await undo.runAll()
    enter('error')
    return { outcome: 'failed', why: messageOf(error), leftovers, states, ...record }
  }
}

/** What takes a migration back, last step first. */
class UndoList {
  private readonly steps: { readonly what: string; run?: () => Promise<void> }[] = []

  add(what: string, run: () => Promise<void>): void {
    this.steps.push({ what, run })
  }

  /** Runs the last step as a part of the migration. It stays on the list when it fails. */
  async runLast(): Promise<void> {
    await this.steps.at(-1)?.run?.()
    this.steps.pop()
  }

  replaceLast(run: () => Promise<void>): void {
    const last = this.steps.at(-1)
    if (last !== undefined) last.run = run
  }

  /** Nothing is taken back any more; should the migration fail now, this is left over. */
  replace(what: string): void {
    this.steps.splice(0, this.steps.length, { what })
  }

  /** Runs all steps, going on after errors. Returns what could not be taken back. */
  async runAll(): Promise<string[]> {
    const leftovers: string[] = []
    for (let step = this.steps.pop(); step !== undefined; step = this.steps.pop()) {
      const { what, run } = step
      if (run === undefined) leftovers.push(what)
      else await run().catch((error: unknown) => leftovers.push(`${what}: ${messageOf(error)}`))
    }
    return leftovers
  }
}

type SourceRemoval = { readonly source: 'gone' } | { readonly source: 'there' | 'unknown'; readonly error: unknown }

/** Deletes the source. Where the answer is an error, or is lost, the source is looked for. */
async function deleteSource(service: VolumeService, name: string): Promise<SourceRemoval> {
  try {
    await service.deleteVolume(name)
    return { source: 'gone' }
  } catch (error) {
    try {
      return (await isThere(service, name)) ? { source: 'there', error } : { source: 'gone' }
    } catch {
      return { source: 'unknown', error }
    }
  }
}

/** After a creation that failed there may be a volume all the same, or nothing to delete. */
async function removeHalfMade(service: VolumeService, name: string): Promise<void> {
  try {
    await service.deleteVolume(name)
  } catch (error) {
    if (await isThere(service, name)) throw error
  }
}

/** Whether a volume can be attached. Throws Unanswered when its service does not say. */
async function isThere(service: VolumeService, name: string): Promise<boolean> {
  try {
    await service.attachVolume(name)
  } catch (error) {
    if (error instanceof Unanswered) throw error
    return false
  }
  await service.detachVolume(name)
  return true
}

function rejectionReason(volume: Volume, destination: Backend): string | undefined {
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

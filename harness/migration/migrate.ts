import { randomUUID } from 'node:crypto'
import { CleanupStack } from '../cleanup_stack.ts'
import { messageOf, PivotUnknown } from '../errors.ts'
import { type Answer, capabilityReportSchema } from '../protocol/capabilities.ts'
import { Unanswered } from '../protocol/json_rpc.ts'
import type { VolumeService } from '../protocol/volume_service.ts'
import type { CopyMode } from '../result/copy_mode.ts'
import { type Decision, decideCopyMode, type Rule } from './rule.ts'
import type { Backend, MigrationStatus, Volume } from './volume.ts'

/**
 * `driver`: the source's driver tries first, the host copies when it declines. `host`: the host copies. `live`: the volume is in use,
 * and what it passes through mirrors it.
 */
export type MigrationMethod = 'driver' | 'host' | 'live'

export interface MigrationParts {
  /** Copies between two attached volumes; `bytes` is the volume's size. */
  readonly copy: (from: string, to: string, bytes: number, mode: CopyMode) => Promise<void>
  /**
   * Copies a volume in use to an attached one, and lets its instance go on there. Throws PivotUnknown when the instance may write there
   * already, any other error when it does not. Without it no volume in use can be migrated.
   */
  readonly mirror?: (to: string, mode: CopyMode) => Promise<void>
  /** The size of an attached volume in bytes. */
  readonly sizeOf: (path: string) => Promise<number>
  /** How much of an attached new volume has storage already, in bytes; undefined where the kernel does not tell. Default: never told. */
  readonly mappedBytesOf?: (path: string) => Promise<number | undefined>
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
  /** The source is as it was, the destination removed; `leftovers` names what could not be undone, and what is the only copy now. */
  | ({ readonly outcome: 'failed'; readonly why: string; readonly leftovers: readonly string[] } & MigrationRecord)

/** Reports whether the volume is on the destination: it migrated, or it was in use and the migration failed after the pivot. */
export function isOnDestination(result: MigrationResult): boolean {
  return result.outcome === 'migrated' || (result.outcome === 'failed' && result.movedBy === 'live')
}

/**
 * Migrates a volume to another backend: by the source's driver where it can and is asked to, else by a copy on the host; or a volume in
 * use, by a mirror. Whatever fails, the source stays whole and the destination goes, until an instance writes to that.
 */
export async function migrate(
  volume: Volume,
  destination: Backend,
  method: MigrationMethod,
  parts: MigrationParts,
): Promise<MigrationResult> {
  const rejection = rejectionReason(volume, destination, method, parts)
  if (rejection !== undefined) return { outcome: 'refused', why: rejection }

  const migration = new Migration(volume, destination, parts)
  try {
    migration.enter('starting')
    if (method === 'live') await migration.mirrorLive()
    else if (method === 'host' || !(await migration.moveByDriver())) await migration.copyByHost()
    migration.enter('success')
    return { outcome: 'migrated', ...migration.record }
  } catch (error) {
    const leftovers = await migration.takeBack()
    migration.enter('error')
    return { outcome: 'failed', why: messageOf(error), leftovers, ...migration.record }
  }
}

/** One migration as far as it has come: its states, the decision, and how to take it back. */
class Migration {
  record: MigrationRecord = { states: [] }
  private readonly undo = new CleanupStack()
  /** The volume that stays when the migration fails now: it may be the only copy. */
  private onlyCopy: string | undefined
  private readonly volume: Volume
  private readonly destination: Backend
  private readonly parts: MigrationParts

  constructor(volume: Volume, destination: Backend, parts: MigrationParts) {
    this.volume = volume
    this.destination = destination
    this.parts = parts
  }

  enter(state: MigrationStatus): void {
    if (this.volume.migrationStatus === state) return
    this.volume.migrationStatus = state
    this.note({ states: [...this.record.states, state] })
  }

  /** Asks the source's driver to move the volume. Returns false when it declines; then nothing has happened. */
  async moveByDriver(): Promise<boolean> {
    const { name, sizeBytes, backend } = this.volume
    const answer = await this.ask()
    const { mode } = this.decide(answer)
    this.enter('migrating')
    const moved = await backend.service.migrateVolume(name, { locationInfo: locationOf(answer), copyMode: mode, sizeBytes })
    if (!moved) return false
    this.note({ movedBy: 'driver' })
    this.volume.backend = this.destination
    return true
  }

  async copyByHost(): Promise<void> {
    const arrival = await this.createArrival()
    const answer = await this.ask()
    await this.whileAttached(arrival, async (from, to) => {
      await this.mustHaveRoom(to, 'the destination volume')
      const { mode } = this.decide(answer, await this.parts.mappedBytesOf?.(to))
      this.enter('migrating')
      await this.parts.copy(from, to, this.volume.sizeBytes, mode)
      await this.mustHaveRoom(to, 'after the copy the destination')
      this.note({ movedBy: 'host' })
    })
    this.enter('completing')
    await this.deleteSource(arrival)
    await this.handOverName(arrival)
  }

  /**
   * From the pivot on the instance writes to the destination: the volume is there then, whatever fails. It stays under the name that it
   * arrived under, as Cinder's drivers leave a volume in use.
   */
  async mirrorLive(): Promise<void> {
    const { mirror } = this.parts
    if (mirror === undefined) throw new Error('nothing mirrors a volume in use')
    const arrival = await this.createArrival()
    const answer = await this.ask()
    const { service } = this.destination
    this.undo.add('the attachment of the destination', () => service.detachVolume(arrival))
    const to = await service.attachVolume(arrival)
    await this.mustHaveRoom(to, 'the destination volume')
    const { mode } = this.decide(answer, await this.parts.mappedBytesOf?.(to))
    this.enter('migrating')
    try {
      await mirror(to, mode)
    } catch (error) {
      if (error instanceof PivotUnknown) this.keepBoth(arrival)
      throw error
    }
    this.note({ movedBy: 'live' })
    this.enter('completing')
    this.keepBoth(arrival)
    const { name, backend } = this.volume
    this.volume.backend = this.destination
    this.volume.name = arrival
    await backend.service.detachVolume(name)
    await backend.service.deleteVolume(name)
  }

  /** Takes nothing back any more: what the instance has written last may be on the destination only. */
  private keepBoth(arrival: string): void {
    this.undo.clear()
    this.onlyCopy = `the copy on ${this.destination.name}, as ${arrival}`
  }

  /** Takes back every step, the last one first. Returns what could not be taken back, one line each. */
  async takeBack(): Promise<string[]> {
    const faults = await this.undo.runAll()
    return [...(this.onlyCopy === undefined ? [] : [this.onlyCopy]), ...faults.map(({ what, error }) => `${what}: ${messageOf(error)}`)]
  }

  /** Asks the destination's driver what it claims. */
  private async ask(): Promise<Answer> {
    const { ask = ({ destination }) => destination.getCapabilities() } = this.parts
    const answer = await ask({ source: this.volume.backend.service, destination: this.destination.service })
    this.note({ answer })
    return answer
  }

  /** Applies the rule to an answer, and to what the kernel tells of the new volume where there is one already. */
  private decide(answer: Answer, mappedBytes?: number): Decision {
    const { rule = decideCopyMode } = this.parts
    const { layers = [] } = this.destination
    const decision = rule(answer, { history: 'new', layers, ...(mappedBytes !== undefined && { mappedBytes }) })
    this.note({ decision })
    return decision
  }

  /** Creates the destination volume under a name of its own, as Cinder does: what is undone under it was made by this migration. */
  private async createArrival(): Promise<string> {
    const { service } = this.destination
    const arrival = this.parts.newName?.() ?? `volume-${randomUUID()}`
    const what = `the destination volume ${arrival}`
    const halfMade = this.undo.add(what, () => removeHalfMade(service, arrival))
    await service.createVolume(arrival, this.volume.sizeBytes)
    halfMade.forget()
    this.undo.add(what, () => service.deleteVolume(arrival))
    return arrival
  }

  private async whileAttached(arrival: string, use: (from: string, to: string) => Promise<void>): Promise<void> {
    const { name, backend } = this.volume
    const source = this.undo.add('the attachment of the source', () => backend.service.detachVolume(name))
    const from = await backend.service.attachVolume(name)
    const destination = this.undo.add('the attachment of the destination', () => this.destination.service.detachVolume(arrival))
    const to = await this.destination.service.attachVolume(arrival)
    await use(from, to)
    await destination.run()
    await source.run()
  }

  private async mustHaveRoom(path: string, what: string): Promise<void> {
    const bytes = await this.parts.sizeOf(path)
    const { sizeBytes } = this.volume
    if (bytes < sizeBytes) throw new Error(`${what} holds ${bytes} bytes, fewer than the source's ${sizeBytes}`)
  }

  /**
   * Deletes the source. From here on the destination may be the only copy: nothing removes it unless the source is known to be
   * there. The volume's record moves to the destination before anything else is tried, so that it never points at what is gone.
   */
  private async deleteSource(arrival: string): Promise<void> {
    const removal = await deleteSource(this.volume.backend.service, this.volume.name)
    if (removal.source === 'there') throw removal.error
    this.keepBoth(arrival)
    if (removal.source === 'unknown') throw removal.error
    this.volume.backend = this.destination
  }

  /** A driver that cannot rename leaves the volume under the name that it arrived under. */
  private async handOverName(arrival: string): Promise<void> {
    const renamed = await this.destination.service.updateMigratedVolume(arrival, this.volume.name)
    if (!renamed) this.volume.name = arrival
  }

  private note(seen: Partial<MigrationRecord>): void {
    this.record = { ...this.record, ...seen }
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

/** Returns whether a volume can be attached. Throws Unanswered if its service does not answer. */
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

function rejectionReason(volume: Volume, destination: Backend, method: MigrationMethod, { mirror }: MigrationParts): string | undefined {
  const wanted = method === 'live' ? 'in-use' : 'available'
  if (volume.status !== wanted) return `the volume is ${volume.status}, not ${wanted}`
  if (method === 'live' && mirror === undefined) return 'nothing can mirror the volume, which is in use'
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

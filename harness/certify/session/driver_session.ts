import { mappedBytesOf } from '../../block/usage.ts'
import type { Content } from '../../content/content.ts'
import { BrokenLab, messageOf } from '../../errors.ts'
import type { StampMode } from '../../helper/device_io.ts'
import type { PathInfo } from '../../helper/surroundings.ts'
import type { Lab } from '../../lab/lab.ts'
import { decideCopyMode } from '../../migration/rule.ts'
import { type Answer, capabilityReportSchema } from '../../protocol/capabilities.ts'
import type { Verb } from '../../protocol/verbs.ts'
import { type Limits, observing, type VolumeService, type WholeVolumeService } from '../../protocol/volume_service.ts'
import type { Verification } from '../../result/bytes.ts'
import type { TestBed } from '../../testbed/test_bed.ts'
import { MiB, sizeText } from '../../units.ts'
import type { Candidate } from '../candidate/candidate.ts'
import { DriverProcess } from '../candidate/driver_process.ts'
import { DriverFault, DriverGone, StorageTooSmall } from '../candidate/faults.ts'
import { type InstallOptions, provision } from '../candidate/provision.ts'
import { Recorder } from './recorder.ts'

const LEAST_VOLUME_BYTES = 8 * MiB
/** A volume may be larger than asked for by this much; all of it is read. */
const MOST_BEYOND_BYTES = 1024 * MiB
/** Writers to a full thin pool hang for a minute, so only this part of it is filled. */
const FILLED_OF_THIN = 0.7
const ROOM_OF_THICK = 0.8

/** The storage and options that a driver is given, and the time that it may take. */
export interface DriverConditions {
  /** The storage that the driver is given, in bytes. */
  readonly storageBytes: number
  readonly limits: Limits
  /** The user's --option KEY=VALUE. */
  readonly options: Readonly<Record<string, string>>
}

export interface DriverSessionNames {
  readonly name: string
  /** Starts the names of its volumes. They must differ between drivers, which exchange volumes in migrations. */
  readonly noun: string
  /** Records what is done, where a script is to repeat it. */
  readonly recorder?: Recorder
}

/** A driver that has been set up. It makes volumes, writes and reads them, and deletes all of them in the end. */
export class DriverSession {
  readonly name: string
  readonly lab: Lab
  readonly process: DriverProcess
  /** Its first answer to get_capabilities. */
  readonly answer: Answer
  /** True when the driver claims that its new volumes read as zeros. */
  readonly claim: boolean
  readonly thinProvisioned: boolean
  private readonly recorder: Recorder
  /** Volumes and snapshots to delete in the end, in the order in which they were made. */
  private readonly made = new Map<string, { readonly sizeBytes: number; delete(): Promise<void> }>()
  /** Volumes that stay for later checks to be made beside. */
  private aside: DriverVolume[] = []
  private dirtyBytes = 0
  private ownBytes: number | undefined
  private readonly noun: string
  private names = 0

  private constructor({ name, noun, recorder = new Recorder() }: DriverSessionNames, process: DriverProcess, answer: Answer) {
    this.name = name
    this.noun = noun
    this.recorder = recorder
    this.lab = process.lab
    this.process = process
    this.answer = answer
    this.claim = decideCopyMode(answer, { history: 'new', layers: [] }).mode === 'sparse'
    const report = capabilityReportSchema.safeParse(answer.kind === 'answered' ? answer.report : undefined)
    this.thinProvisioned = report.success && report.data.thin_provisioning_support !== false
  }

  /** Sets a driver up on poisoned storage in a lab. Throws DriverFault when the driver does not come up. */
  static async open(
    testBed: TestBed,
    lab: Lab,
    candidate: Candidate,
    names: DriverSessionNames,
    conditions: DriverConditions & Pick<InstallOptions, 'cover'>,
  ): Promise<DriverSession> {
    const installation = await provision(testBed, lab, candidate, conditions)
    const { setup: asked, program } = installation
    if (asked !== undefined && program !== undefined) names.recorder?.programs.push({ driver: names.name, ...program, asked })
    const process = await DriverProcess.open(lab, installation, conditions.limits, (fault) => testBed.adapterFaults.push(fault))
    return new DriverSession(names, process, await process.service.getCapabilities())
  }

  /** The storage that the driver was given, in bytes. */
  get storageBytes(): number {
    return this.process.installation.storageBytes
  }

  /** Whether it is one of holeproof's own drivers. */
  get isBuiltIn(): boolean {
    return this.process.installation.setup === undefined
  }

  get stepBytes(): number {
    return this.process.about.size_step_bytes ?? 1
  }

  /** The size of an ordinary volume here, in bytes. */
  get volumeBytes(): number {
    return this.roundUp(LEAST_VOLUME_BYTES)
  }

  /** How many bytes fill the driver's storage. Where a volume gets its storage when it is made, that is all of it. */
  get fillBytes(): number {
    return this.storageBytes * (this.thinProvisioned ? FILLED_OF_THIN : 1)
  }

  /** How many bytes of volumes surely fit at once, whatever the storage itself takes and volumes are rounded up to. */
  get roomBytes(): number {
    return this.storageBytes * (this.thinProvisioned ? FILLED_OF_THIN : ROOM_OF_THICK)
  }

  roundUp(bytes: number): number {
    return Math.ceil(bytes / this.stepBytes) * this.stepBytes
  }

  /** Asks for the capability report again. */
  getCapabilities(): Promise<Answer> {
    return this.process.service.getCapabilities()
  }

  /** Ends the driver's program and starts it again on the same storage. */
  restart(): Promise<void> {
    return this.process.restart()
  }

  /** Kills the driver's program, without a chance to end by itself, and starts it again on the same storage. */
  killAndRestart(): Promise<void> {
    return this.process.killAndRestart()
  }

  /** How much storage the driver has brought up itself, where its volumes lie, in bytes; undefined until a volume was attached. */
  get ownStorageBytes(): number | undefined {
    return this.ownBytes
  }

  /** Looks once where the driver's volumes lie: `path` is the first that was attached. */
  async findStorage(path: string): Promise<void> {
    this.ownBytes ??= await this.process.installation.ownStorageBytes(path)
  }

  /** How much of the storage was filled and freed, and has not been handed out since, in bytes. */
  get dirty(): number {
    return this.dirtyBytes
  }

  /** Notes that this many bytes were filled and freed just now. */
  noteDirty(bytes: number): void {
    this.dirtyBytes = bytes
  }

  /** Notes that a volume came or grew by this many bytes, which may be dirty ones. */
  noteHandedOut(bytes: number): void {
    this.dirtyBytes = Math.max(0, this.dirtyBytes - bytes)
  }

  newName(): string {
    return `${this.noun}-${++this.names}`
  }

  /** Makes a volume that is deleted with the others. */
  async create(sizeBytes = this.volumeBytes, name = this.newName()): Promise<DriverVolume> {
    return this.make(name, sizeBytes, 'create_volume', { name, size_bytes: sizeBytes }, (service) => service.createVolume(name, sizeBytes))
  }

  private async make(
    name: string,
    sizeBytes: number,
    verb: Verb,
    params: object,
    ask: (service: WholeVolumeService) => Promise<void>,
  ): Promise<DriverVolume> {
    const volume = new DriverVolume(this, name, sizeBytes)
    await this.fitting(sizeBytes, () => this.ask(verb, params, ask))
    this.noteHandedOut(sizeBytes)
    this.made.set(name, volume)
    return volume
  }

  /** Makes something of this size. Throws StorageTooSmall where it fails and a driver that reserves the space may have no room for it. */
  private async fitting<Done>(sizeBytes: number, make: () => Promise<Done>): Promise<Done> {
    try {
      return await make()
    } catch (error) {
      const bytes = [...this.made.values()].reduce((sum, thing) => sum + thing.sizeBytes, this.asideBytes + sizeBytes)
      if (!(error instanceof DriverFault) || error instanceof DriverGone || this.thinProvisioned || bytes <= this.roomBytes) throw error
      const why = `${sizeText(bytes)} may not fit the ${sizeText(this.storageBytes)} of storage that the driver was given`
      throw new StorageTooSmall(`${why}: ${error.message}`, { cause: error })
    }
  }

  /** Extends a volume, which must be detached. */
  async extend({ name, sizeBytes }: DriverVolume, newSizeBytes: number): Promise<DriverVolume> {
    await this.fitting(newSizeBytes - sizeBytes, () =>
      this.ask('extend_volume', { name, new_size_bytes: newSizeBytes }, (service) => service.extendVolume(name, newSizeBytes)),
    )
    this.noteHandedOut(newSizeBytes - sizeBytes)
    return this.adopt(name, newSizeBytes)
  }

  /** Makes a snapshot that is deleted with the volumes. */
  async snapshot(volume: string): Promise<{ readonly name: string; delete(): Promise<void> }> {
    const name = `snapshot-${++this.names}`
    const params = { name, volume_name: volume }
    const sizeBytes = this.made.get(volume)?.sizeBytes ?? 0
    await this.fitting(sizeBytes, () => this.ask('create_snapshot', params, (service) => service.createSnapshot(name, volume)))
    const snapshot = {
      name,
      sizeBytes,
      delete: async () => {
        this.forget(name)
        await this.ask('delete_snapshot', params, (service) => service.deleteSnapshot(name, volume))
      },
    }
    this.made.set(name, snapshot)
    return snapshot
  }

  /** Makes a volume from a snapshot of `origin`, by default of its size. */
  createFromSnapshot(snapshot: string, origin: DriverVolume, sizeBytes = origin.sizeBytes): Promise<DriverVolume> {
    const name = this.newName()
    const params = { name, size_bytes: sizeBytes, snapshot_name: snapshot, volume_name: origin.name }
    return this.make(name, sizeBytes, 'create_volume_from_snapshot', params, (service) =>
      service.createVolumeFromSnapshot(name, sizeBytes, snapshot, origin.name),
    )
  }

  /** Makes a clone, by default of the size of its source. */
  clone(source: DriverVolume, sizeBytes = source.sizeBytes): Promise<DriverVolume> {
    const name = this.newName()
    const params = { name, size_bytes: sizeBytes, source_name: source.name }
    return this.make(name, sizeBytes, 'create_cloned_volume', params, (service) => service.createClonedVolume(name, sizeBytes, source.name))
  }

  /** Takes over a volume that exists already, such as one that arrived by a migration. */
  adopt(name: string, sizeBytes: number, attachedTo?: string): DriverVolume {
    const volume = new DriverVolume(this, name, sizeBytes, attachedTo)
    this.made.set(name, volume)
    return volume
  }

  forget(name: string): void {
    this.made.delete(name)
  }

  /** Keeps a volume beyond the end of its check, so that the next volumes do not get its storage. */
  async setAside(volume: DriverVolume): Promise<void> {
    await volume.detach()
    this.forget(volume.name)
    this.aside.push(volume)
  }

  /** The size of all volumes that were set aside, in bytes. */
  get asideBytes(): number {
    return this.aside.reduce((sum, { sizeBytes }) => sum + this.roundUp(sizeBytes), 0)
  }

  /** Deletes the volumes that were set aside. Throws DriverFault when the driver does not. */
  async deleteAside(): Promise<void> {
    for (let volume = this.aside.pop(); volume !== undefined; volume = this.aside.pop()) await volume.delete()
  }

  /** Asks for a verb and records it, with the commands that a built-in driver ran for it. */
  async ask<Answered>(verb: Verb, params: object, ask: (service: WholeVolumeService) => Promise<Answered>): Promise<Answered> {
    return this.record(verb, params, () => this.process.call(ask))
  }

  /** Asks with parameters that the typed verbs would not let through. A volume that is made in spite of that is deleted with the others. */
  async raw(verb: Verb, params: { readonly name: string; readonly size_bytes?: number }): Promise<void> {
    await this.record(verb, params, () => this.process.raw(verb, params))
    if (verb === 'create_volume' && !this.made.has(params.name)) this.adopt(params.name, params.size_bytes ?? 0)
  }

  /** Attaches a volume that should not exist. One that does is deleted with the session. Returns its path. */
  async findUnwanted(name: string): Promise<string | undefined> {
    const path = await this.ask('attach_volume', { name }, (service) => service.attachVolume(name)).catch(() => undefined)
    if (path === undefined || (await this.lab.helper.inspectPath(path)).kind === 'missing') return undefined
    this.adopt(name, 0, path)
    return path
  }

  /** The driver's service for a migration. It records what is asked, and passes answers and errors on as they are. */
  recordedService(): VolumeService {
    const { service } = this.process
    const checked = { ...service, attachVolume: (name: string) => this.attachChecked(service, name) }
    return observing(checked, (verb, params, call) => this.record(verb, params, call))
  }

  /** Runs a copy and records its commands. */
  async recordCopy(copy: () => Promise<void>): Promise<void> {
    const before = this.lab.commands.length
    await copy()
    this.recorder.acts.push({ act: 'copy', commands: this.lab.commands.slice(before) })
  }

  recordWrite(volume: string, what: 'data' | 'zeros', offset: number, length: number): void {
    this.recorder.acts.push({ act: 'write', driver: this.name, volume, what, offset, length })
  }

  /** Attaches a volume. Throws DriverFault when the path cannot be a volume of the driver's own. */
  attach(name: string): Promise<string> {
    return this.ask('attach_volume', { name }, (service) => this.attachChecked(service, name))
  }

  private async attachChecked(service: VolumeService, name: string): Promise<string> {
    const path = await service.attachVolume(name)
    const refusal = await this.process.installation.whyForeign(path)
    if (refusal !== undefined) throw new DriverFault(`attach_volume: ${refusal}`)
    return path
  }

  private async record<Answered>(verb: Verb, params: object, ask: () => Promise<Answered>): Promise<Answered> {
    const before = this.lab.commands.length
    const answered = await ask()
    const commands = this.lab.commands.slice(before)
    this.recorder.acts.push({
      act: 'verb',
      driver: this.name,
      verb,
      params,
      commands,
      ...(typeof answered === 'string' && { path: answered }),
    })
    return answered
  }

  /** Deletes everything that was made and not deleted yet. Returns what the driver would not delete. */
  async cleanUp(): Promise<string[]> {
    const faults: string[] = []
    for (const thing of [...this.made.values()].toReversed()) {
      try {
        await thing.delete()
      } catch (error) {
        if (error instanceof BrokenLab) throw error
        faults.push(messageOf(error))
        if (error instanceof DriverGone) break
      }
    }
    this.made.clear()
    return faults
  }
}

/** A volume of a driver's session. */
export class DriverVolume {
  readonly name: string
  readonly sizeBytes: number
  readonly session: DriverSession
  private attachedTo: string | undefined

  constructor(session: DriverSession, name: string, sizeBytes: number, attachedTo?: string) {
    this.session = session
    this.name = name
    this.sizeBytes = sizeBytes
    this.attachedTo = attachedTo
  }

  /** Attaches the volume, once. Throws DriverFault when the path cannot be a volume of the driver's own, or is too small. */
  async attach(): Promise<string> {
    if (this.attachedTo !== undefined) return this.attachedTo
    const { name } = this
    const path = await this.session.attach(name)
    this.attachedTo = path
    const { sizeBytes } = await this.session.lab.helper.measure(path)
    if (sizeBytes < this.sizeBytes)
      throw new DriverFault(`attach_volume: ${path} holds ${sizeBytes} bytes, but ${this.sizeBytes} were asked for`)
    if (sizeBytes > 2 * this.sizeBytes + MOST_BEYOND_BYTES)
      throw new DriverFault(`attach_volume: ${path} holds ${sizeBytes} bytes where ${this.sizeBytes} were asked for: too many to read`)
    await this.session.findStorage(path)
    return path
  }

  async detach(): Promise<void> {
    if (this.attachedTo === undefined) return
    this.attachedTo = undefined
    const { name } = this
    await this.session.ask('detach_volume', { name }, (service) => service.detachVolume(name))
  }

  async delete(): Promise<void> {
    await this.detach()
    const { name } = this
    this.session.forget(name)
    // What is free now may be clean, and may be the next to be handed out.
    this.session.noteDirty(0)
    await this.session.ask('delete_volume', { name }, (service) => service.deleteVolume(name))
  }

  /** Returns what the kernel shows of the volume's device or file. */
  async look(): Promise<PathInfo> {
    return this.session.lab.helper.inspectPath(await this.attach())
  }

  /** How much storage the volume takes, in bytes, as the kernel tells; undefined for a device that it knows nothing of. */
  async mappedBytes(): Promise<number | undefined> {
    const look = await this.look()
    if (look.kind === 'file') return (await this.session.lab.helper.measure(await this.attach())).allocatedBytes
    return mappedBytesOf(this.session.lab, await this.attach())
  }

  /** Returns its real size in bytes, which is at least the size that was asked for. */
  async actualBytes(): Promise<number> {
    return (await this.session.lab.helper.measure(await this.attach())).sizeBytes
  }

  /** Writes a content: its extents, flushed or `unflushed`, or `everywhere`, its holes too. */
  async write(content: Content, where: StampMode = 'extents'): Promise<void> {
    const path = await this.attach()
    if (where === 'everywhere') this.session.recordWrite(this.name, 'zeros', 0, content.sizeBytes)
    for (const { offset, length, write } of content.extents) this.session.recordWrite(this.name, write, offset, length)
    await this.touching('written', () => this.session.lab.helper.stamp(path, content, where))
  }

  /**
   * Compares the volume with a content, byte by byte and past the caches. Unless the device alone is to be read, what the page cache holds
   * must be the same. Throws DriverFault when it is not.
   */
  async verify(content: Content, how: 'both-ways' | 'device-alone' = 'both-ways'): Promise<Verification> {
    const path = await this.attach()
    await this.session.process.installation.dropCache?.(this.name)
    // What nobody wrote and nobody promised may read otherwise each time: mirrors that were not synchronised have several old bytes.
    const cached = how === 'device-alone' ? 'none' : this.session.claim ? 'all' : 'written'
    const reading = await this.touching('read', () => this.session.lab.helper.verify(path, content, false, cached))
    const { cacheDiffersAt, ...verification } = reading
    if (cacheDiffersAt !== undefined)
      throw new DriverFault(`the volume ${this.name} reads otherwise through the page cache than past it, first at byte ${cacheDiffersAt}`)
    return verification
  }

  /** Blames the driver, not the lab, for a path that cannot be used. */
  private async touching<Done>(what: string, touch: () => Promise<Done>): Promise<Done> {
    try {
      return await touch()
    } catch (error) {
      if (error instanceof BrokenLab) throw error
      throw new DriverFault(`the volume ${this.name} cannot be ${what}: ${messageOf(error)}`, { cause: error })
    }
  }
}

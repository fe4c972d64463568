import { thinMappedBytes } from '../block/usage.ts'
import type { Content } from '../content/content.ts'
import type { Verification } from '../content/verify.ts'
import { BrokenLab, messageOf } from '../errors.ts'
import type { PathInfo } from '../helper/surroundings.ts'
import type { Lab } from '../lab/lab.ts'
import { decideCopyMode } from '../migration/rule.ts'
import { type Answer, capabilityReportSchema } from '../protocol/capabilities.ts'
import type { Verb } from '../protocol/verbs.ts'
import type { VolumeService, WholeVolumeService } from '../protocol/volume_service.ts'
import type { TestBed } from '../testbed/test_bed.ts'
import { MiB } from '../units.ts'
import { DriverFault, DriverGone, type DriverProcess } from './candidate/driver_process.ts'
import { Recorder } from './counterexample/recorder.ts'

const LEAST_VOLUME_BYTES = 8 * MiB
/** A volume may come out larger; all of it is read. */
const MOST_BEYOND_BYTES = 1024 * MiB
/** A thin pool that is full lets its writers wait a minute; what is left of it is less than what is filled. */
const FILLED_OF_THIN = 0.7

/** Only a content's extents, or its holes too, as zeros. */
export type Written = 'extents' | 'everywhere'

export interface DriverSessionNames {
  readonly name: string
  /** Begins the names of its volumes: two drivers may hold a volume of the other's for a while. */
  readonly noun: string
  /** Keeps what is done, where it is to be done again. */
  readonly recorder?: Recorder
}

/** A driver on trial: makes volumes by it, writes and reads them, and takes all of them away again. */
export class DriverSession {
  readonly name: string
  readonly testBed: TestBed
  readonly lab: Lab
  readonly driver: DriverProcess
  /** What it answered to get_capabilities at first. */
  readonly answer: Answer
  /** Whether the driver claims that its new volumes read as zeros. */
  readonly claim: boolean
  readonly thinProvisioned: boolean
  private readonly recorder: Recorder
  /** What is to be deleted in the end, in the order in which it was made. */
  private readonly made = new Map<string, { delete(): Promise<void> }>()
  private readonly noun: string
  private names = 0

  constructor({ name, noun, recorder = new Recorder() }: DriverSessionNames, testBed: TestBed, driver: DriverProcess, answer: Answer) {
    this.name = name
    this.noun = noun
    this.recorder = recorder
    this.testBed = testBed
    this.lab = driver.lab
    this.driver = driver
    this.answer = answer
    this.claim = decideCopyMode(answer, { history: 'new', layers: [] }).mode === 'sparse'
    const report = capabilityReportSchema.safeParse(answer.kind === 'answered' ? answer.report : undefined)
    this.thinProvisioned = report.success && report.data.thin_provisioning_support !== false
  }

  get stepBytes(): number {
    return this.driver.about.size_step_bytes ?? 1
  }

  /** The size of an ordinary volume here, in bytes. */
  get volumeBytes(): number {
    return this.roundUp(LEAST_VOLUME_BYTES)
  }

  /** How much is written to fill the driver's storage: to the end, where a volume's storage is its own once it is made. */
  get fillBytes(): number {
    return this.driver.installation.storageBytes * (this.thinProvisioned ? FILLED_OF_THIN : 1)
  }

  roundUp(bytes: number): number {
    return Math.ceil(bytes / this.stepBytes) * this.stepBytes
  }

  newName(): string {
    return `${this.noun}-${++this.names}`
  }

  /** Makes a volume that goes with the trial. */
  async create(sizeBytes = this.volumeBytes, name = this.newName()): Promise<DriverVolume> {
    return this.make(name, sizeBytes, 'create_volume', { name, size_bytes: sizeBytes }, (service) => service.createVolume(name, sizeBytes))
  }

  /** Makes a volume by a verb of its own kind; it goes with the trial, also when the verb fails half-way. */
  async make(
    name: string,
    sizeBytes: number,
    verb: Verb,
    params: object,
    ask: (service: WholeVolumeService) => Promise<void>,
  ): Promise<DriverVolume> {
    const volume = new DriverVolume(this, name, sizeBytes)
    await this.ask(verb, params, ask)
    this.made.set(name, volume)
    return volume
  }

  /** Makes a snapshot that goes with the trial. */
  async snapshot(volume: string): Promise<{ readonly name: string; delete(): Promise<void> }> {
    const name = `snapshot-${++this.names}`
    const params = { name, volume_name: volume }
    await this.ask('create_snapshot', params, (service) => service.createSnapshot(name, volume))
    const snapshot = {
      name,
      delete: async () => {
        this.forget(name)
        await this.ask('delete_snapshot', params, (service) => service.deleteSnapshot(name, volume))
      },
    }
    this.made.set(name, snapshot)
    return snapshot
  }

  /** Takes over a volume that arrived by a migration. */
  adopt(name: string, sizeBytes: number): DriverVolume {
    const volume = new DriverVolume(this, name, sizeBytes)
    this.made.set(name, volume)
    return volume
  }

  forget(name: string): void {
    this.made.delete(name)
  }

  /** Asks for a verb and keeps it on record, with the commands that a built-in driver ran for it. */
  async ask<Answered>(verb: Verb, params: object, ask: (service: WholeVolumeService) => Promise<Answered>): Promise<Answered> {
    return this.record(verb, params, () => this.driver.call(ask))
  }

  /** The driver's service for a migration: what it is asked is on record, what it answers and how it fails stays as it is. */
  recordedService(): VolumeService {
    const { service } = this.driver
    return {
      getCapabilities: () => this.record('get_capabilities', {}, () => service.getCapabilities()),
      createVolume: (name, size_bytes) => this.record('create_volume', { name, size_bytes }, () => service.createVolume(name, size_bytes)),
      deleteVolume: (name) => this.record('delete_volume', { name }, () => service.deleteVolume(name)),
      attachVolume: (name) => this.record('attach_volume', { name }, () => this.attachChecked(service, name)),
      detachVolume: (name) => this.record('detach_volume', { name }, () => service.detachVolume(name)),
      migrateVolume: (name, target) => {
        const { locationInfo: location_info, copyMode: copy_mode, sizeBytes: size_bytes } = target
        return this.record('migrate_volume', { name, location_info, copy_mode, size_bytes }, () => service.migrateVolume(name, target))
      },
      updateMigratedVolume: (name, new_name) =>
        this.record('update_migrated_volume', { name, new_name }, () => service.updateMigratedVolume(name, new_name)),
    }
  }

  /** Runs a copy, and keeps its commands on record. */
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
    const refusal = await this.driver.installation.whyForeign(path)
    if (refusal !== undefined) throw new DriverFault(`attach_volume: ${refusal}`)
    return path
  }

  private async record<Answered>(verb: Verb, params: object, ask: () => Promise<Answered>): Promise<Answered> {
    const before = this.lab.commands.length
    const answered = await ask()
    const commands = this.lab.commands.slice(before)
    this.recorder.acts.push({
      ...{ act: 'verb', driver: this.name, verb, params, commands },
      ...(typeof answered === 'string' && { path: answered }),
    })
    return answered
  }

  /** Takes all volumes of the trial away. Returns what the driver would not delete. */
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

/** A volume of the driver under test. */
export class DriverVolume {
  readonly name: string
  readonly sizeBytes: number
  private readonly session: DriverSession
  private attachedTo: string | undefined

  constructor(session: DriverSession, name: string, sizeBytes: number) {
    this.session = session
    this.name = name
    this.sizeBytes = sizeBytes
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
    await this.session.ask('delete_volume', { name }, (service) => service.deleteVolume(name))
  }

  /** What the kernel shows of the volume's device or file. */
  async look(): Promise<PathInfo> {
    return this.session.lab.helper.lookAtPath(await this.attach())
  }

  /** How much storage the volume takes, in bytes, as the kernel tells; undefined for a device that it knows nothing of. */
  async mappedBytes(): Promise<number | undefined> {
    const look = await this.look()
    if (look.kind === 'file') return (await this.session.lab.helper.measure(await this.attach())).allocatedBytes
    if (look.kind !== 'block' || look.dmName === '') return undefined
    return thinMappedBytes(this.session.lab, look.dmName)
  }

  /** How large it came out, in bytes: at least what was asked for. */
  async actualBytes(): Promise<number> {
    return (await this.session.lab.helper.measure(await this.attach())).sizeBytes
  }

  /** Writes a content: its extents, or `everywhere`, its holes as zeros. */
  async write(content: Content, where: Written = 'extents'): Promise<void> {
    const path = await this.attach()
    if (where === 'everywhere') this.session.recordWrite(this.name, 'zeros', 0, content.sizeBytes)
    for (const { offset, length, write } of content.extents) this.session.recordWrite(this.name, write, offset, length)
    await this.touching('written', () => this.session.lab.helper.stamp(path, content, where === 'everywhere'))
  }

  /** Compares every byte of the content's size with it, read past the caches. */
  async verify(content: Content): Promise<Verification> {
    const path = await this.attach()
    await this.session.driver.installation.dropCache?.(this.name)
    return this.touching('read', () => this.session.lab.helper.verify(path, content, false))
  }

  /** A path that was given but cannot be used is the driver's fault, not the lab's. */
  private async touching<Done>(what: string, touch: () => Promise<Done>): Promise<Done> {
    try {
      return await touch()
    } catch (error) {
      if (error instanceof BrokenLab) throw error
      throw new DriverFault(`the volume ${this.name} cannot be ${what}: ${messageOf(error)}`, { cause: error })
    }
  }
}

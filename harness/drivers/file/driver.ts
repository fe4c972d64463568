import { join } from 'node:path'
import type { Lab } from '../../lab/lab.ts'
import { runOrThrow } from '../../machine/machine.ts'
import { dd } from '../../movers/dd.ts'
import type { BuiltInDriver, CapabilityReport } from '../../protocol/driver.ts'
import type { FileKind } from './kinds.ts'

/** The names under which a driver of this kind reports itself. */
export interface FileDriverTitle {
  readonly driver: string
  readonly version: string
  readonly protocol: string
}

/** Volumes as files of a folder, named like them. The folder is all that the driver knows. */
export class FileDriver implements BuiltInDriver {
  private readonly lab: Lab
  private readonly name: string
  private readonly folder: string
  private readonly kind: FileKind
  private readonly title: FileDriverTitle

  constructor(lab: Lab, name: string, folder: string, kind: FileKind, title: FileDriverTitle) {
    this.lab = lab
    this.name = name
    this.folder = folder
    this.kind = kind
    this.title = title
  }

  async getCapabilities(): Promise<CapabilityReport> {
    return {
      volume_backend_name: this.name,
      vendor_name: 'Open Source',
      driver_version: this.title.version,
      storage_protocol: this.title.protocol,
      location_info: `${this.title.driver}:${this.lab.machine.name}:${this.folder}`,
      thin_provisioning_support: this.kind.thin,
    }
  }

  async createVolume(name: string, sizeBytes: number): Promise<void> {
    await this.kind.create(this.lab, this.fileOf(name), sizeBytes)
  }

  async deleteVolume(name: string): Promise<void> {
    await this.kind.detach(this.lab, this.fileOf(name))
    await this.kind.remove(this.lab, this.fileOf(name))
  }

  attachVolume(name: string): Promise<string> {
    return this.kind.attach(this.lab, this.fileOf(name))
  }

  async detachVolume(name: string): Promise<void> {
    await this.kind.detach(this.lab, this.fileOf(name))
  }

  async updateMigratedVolume(name: string, newName: string): Promise<void> {
    await this.kind.detach(this.lab, this.fileOf(name))
    await runOrThrow(this.lab, ['mv', '--no-clobber', this.fileOf(name), this.fileOf(newName)])
  }

  /** The volume may have to be attached anew afterwards. */
  async extendVolume(name: string, newSizeBytes: number): Promise<void> {
    if (await this.growsTo(name, newSizeBytes)) await this.kind.resize(this.lab, this.fileOf(name), newSizeBytes)
  }

  /** A full copy. */
  async createSnapshot(name: string, volume: string): Promise<void> {
    await this.copy(volume, name)
  }

  async deleteSnapshot(name: string): Promise<void> {
    await runOrThrow(this.lab, ['rm', this.fileOf(name)])
  }

  createVolumeFromSnapshot(name: string, sizeBytes: number, snapshot: string): Promise<void> {
    return this.createClonedVolume(name, sizeBytes, snapshot)
  }

  async createClonedVolume(name: string, sizeBytes: number, source: string): Promise<void> {
    const grows = await this.growsTo(source, sizeBytes)
    await this.copy(source, name)
    if (grows) await this.kind.resize(this.lab, this.fileOf(name), sizeBytes)
  }

  private fileOf(volume: string): string {
    return join(this.folder, volume)
  }

  /** Copies all of a file, its format included, to where no file may be. A copy that fails is removed again. */
  private async copy(from: string, to: string): Promise<void> {
    await this.kind.flush(this.lab, this.fileOf(from))
    const { sizeBytes } = await this.lab.helper.measure(this.fileOf(from))
    await runOrThrow(this.lab, ['sh', '-c', 'set -C && : >"$0"', this.fileOf(to)])
    try {
      await dd(this.lab, { from: this.fileOf(from), to: this.fileOf(to), bytes: sizeBytes, mode: 'full' })
    } catch (error) {
      await runOrThrow(this.lab, ['rm', '-f', this.fileOf(to)])
      throw error
    }
  }

  /** Throws for a size that is smaller: a file that is cut loses its data without a word. */
  private async growsTo(name: string, sizeBytes: number): Promise<boolean> {
    const now = await this.kind.sizeOf(this.lab, this.fileOf(name))
    if (sizeBytes < now) throw new Error(`${name} has ${now} bytes already, more than ${sizeBytes}`)
    return sizeBytes > now
  }
}

import { type Crypt, LUKS_HEADER_BYTES } from '../../block/crypt.ts'
import type { BuiltInDriver, CapabilityReport } from '../../protocol/driver.ts'
import type { LvmDriver } from './driver.ts'

/** Volumes of an LVM driver with LUKS on top. The attached path is the opened device, which reads as noise where it was not written. */
export class LuksDriver implements BuiltInDriver {
  private readonly below: LvmDriver
  private readonly crypt: Crypt

  constructor(below: LvmDriver, crypt: Crypt) {
    this.below = below
    this.crypt = crypt
  }

  /** Only this driver may write to its group: a driver-assisted migration by another would leave the encryption out. */
  async getCapabilities(): Promise<CapabilityReport> {
    return { ...(await this.below.getCapabilities()), location_info: 'LuksVolumeDriver' }
  }

  async createVolume(name: string, sizeBytes: number): Promise<void> {
    await this.below.createVolume(name, sizeBytes + LUKS_HEADER_BYTES)
    try {
      await this.crypt.format(await this.below.attachVolume(name))
    } catch (error) {
      await this.below.deleteVolume(name)
      throw error
    }
  }

  async deleteVolume(name: string): Promise<void> {
    await this.crypt.close(name)
    await this.below.deleteVolume(name)
  }

  async attachVolume(name: string): Promise<string> {
    return this.crypt.open(await this.below.attachVolume(name), name)
  }

  async detachVolume(name: string): Promise<void> {
    await this.crypt.close(name)
  }

  async updateMigratedVolume(name: string, newName: string): Promise<void> {
    await this.crypt.close(name)
    await this.below.updateMigratedVolume(name, newName)
  }

  async extendVolume(name: string, newSizeBytes: number): Promise<void> {
    await this.below.extendVolume(name, newSizeBytes + LUKS_HEADER_BYTES)
    await this.crypt.resize(name)
  }

  async createSnapshot(name: string, volume: string): Promise<void> {
    await this.crypt.flush(volume)
    await this.below.createSnapshot(name, volume)
  }

  async deleteSnapshot(name: string): Promise<void> {
    await this.below.deleteSnapshot(name)
  }

  async createVolumeFromSnapshot(name: string, sizeBytes: number, snapshot: string): Promise<void> {
    await this.below.createVolumeFromSnapshot(name, sizeBytes + LUKS_HEADER_BYTES, snapshot)
  }

  async createClonedVolume(name: string, sizeBytes: number, source: string): Promise<void> {
    await this.crypt.flush(source)
    await this.below.createClonedVolume(name, sizeBytes + LUKS_HEADER_BYTES, source)
  }
}

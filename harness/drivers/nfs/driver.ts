import { join } from 'node:path'
import type { Lab } from '../../lab/lab.ts'
import { check } from '../../machine/machine.ts'
import type { VolumeDriver } from '../driver.ts'
import type { NfsServer } from './server.ts'

/** How Cinder's NFS driver makes a volume: `nfs_sparsed_volumes` or written out with zeros. */
export type NfsAllocation = 'sparse' | 'preallocated'

/** Volumes as files of a folder on a real NFS mount. A new file reads as zeros either way, so the driver claims true. */
export class NfsDriver implements VolumeDriver {
  private readonly lab: Lab
  private readonly folder: string
  private readonly disk: string
  private readonly name: string
  private readonly allocation: NfsAllocation

  constructor(lab: Lab, server: NfsServer, name: string, allocation: NfsAllocation) {
    this.lab = lab
    this.folder = join(server.mount, name)
    this.disk = join(server.disk, name)
    this.name = name
    this.allocation = allocation
  }

  /** Makes the backend's folder on the mount; `remove` takes it away again. */
  async open(): Promise<void> {
    await check(this.lab, ['mkdir', this.folder])
  }

  async remove(): Promise<void> {
    await check(this.lab, ['rm', '-rf', this.folder])
  }

  /** Makes the server forget what it has cached of a volume, so that a read shows what is stored. */
  async dropCache(volume: string): Promise<void> {
    const file = join(this.disk, volume)
    await check(this.lab, ['dd', `if=${file}`, `of=${file}`, 'count=0', 'iflag=nocache', 'conv=notrunc,fdatasync', 'status=none'])
  }

  fileOf(volume: string): string {
    return join(this.folder, volume)
  }

  async getCapabilities(): Promise<unknown> {
    return {
      volume_backend_name: this.name,
      vendor_name: 'Open Source',
      driver_version: '1.4.0',
      storage_protocol: 'nfs',
      location_info: `NfsDriver:${this.lab.machine.name}:${this.folder}`,
      thin_provisioning_support: this.allocation === 'sparse',
      sparse_copy_volume: true,
    }
  }

  async createVolume(name: string, sizeBytes: number): Promise<void> {
    const file = this.fileOf(name)
    if (this.allocation === 'sparse')
      await check(this.lab, ['dd', 'if=/dev/null', `of=${file}`, 'bs=1', 'count=0', `seek=${sizeBytes}`, 'conv=excl', 'status=none'])
    else
      await check(this.lab, ['dd', 'if=/dev/zero', `of=${file}`, 'bs=1M', `count=${sizeBytes}`, 'iflag=count_bytes', 'conv=excl,fdatasync'])
  }

  async deleteVolume(name: string): Promise<void> {
    await check(this.lab, ['rm', this.fileOf(name)])
  }

  async attachVolume(name: string): Promise<string> {
    const file = this.fileOf(name)
    await this.lab.inside.measure(file)
    return file
  }

  async detachVolume(): Promise<void> {}

  async updateMigratedVolume(name: string, newName: string): Promise<void> {
    await check(this.lab, ['mv', '--no-clobber', this.fileOf(name), this.fileOf(newName)])
  }
}

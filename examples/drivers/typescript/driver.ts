/**
 * A volume driver for holeproof, to copy and change: volumes are sparse files in the folder that do_setup gives.
 *
 * `certify ./driver.ts` bundles it and runs it in the machine that has its devices. Replace the bodies marked below;
 * remove the optional verbs that your storage lacks. It imports only types from holeproof, so it
 * also runs without holeproof.
 */
import { access, open, readdir, rename, rm, stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import type { DriverSetup, MakeDriver, ModuleDriver } from 'holeproof'

/** do_setup: called after each start of the driver, so it makes only what is not there yet. */
const makeDriver: MakeDriver = async (setup) => {
  // ---- replace: connect to your storage; what you make outside the folder has names that begin with setup.prefix ----
  await access(setup.folder)
  return new Driver(setup)
}

export default makeDriver

const OURS = 'volume.'

class Driver implements ModuleDriver {
  readonly about = { name: 'sparse files template' }
  private readonly folder: string

  constructor({ folder }: DriverSetup) {
    this.folder = folder
  }

  async getCapabilities(): Promise<unknown> {
    // ---- replace: claim true only if every byte of a new volume that was never written reads as zero ----
    return {
      volume_backend_name: 'files',
      vendor_name: 'holeproof',
      driver_version: '1.0',
      storage_protocol: 'local',
      thin_provisioning_support: true,
      sparse_copy_volume: true,
    }
  }

  async createVolume(name: string, sizeBytes: number): Promise<void> {
    // ---- replace: an error if the name is taken or the size does not fit; a larger volume is fine ----
    const file = this.fileOf(name)
    const handle = await open(file, 'wx') // fails where it exists
    try {
      await handle.truncate(sizeBytes)
    } catch (error) {
      await rm(file, { force: true })
      throw error
    } finally {
      await handle.close()
    }
  }

  async deleteVolume(name: string): Promise<void> {
    // ---- replace: an error if there is no such volume ----
    await rm(this.fileOf(name))
  }

  async attachVolume(name: string): Promise<string> {
    // ---- replace: the path of the volume's block device or raw file on this machine ----
    const file = this.fileOf(name)
    await access(file)
    return file
  }

  async detachVolume(name: string): Promise<void> {
    // ---- replace: take the path away again, or do nothing if it may stay ----
    await access(this.fileOf(name))
  }

  // The verbs from here on are optional.

  async updateMigratedVolume(name: string, newName: string): Promise<void> {
    // ---- replace: rename the volume ----
    const file = this.fileOf(newName)
    const taken = await access(file).then(
      () => true,
      () => false,
    )
    if (taken) throw new Error(`there is a volume ${newName} already`)
    await rename(this.fileOf(name), file)
  }

  async extendVolume(name: string, newSizeBytes: number): Promise<void> {
    // ---- replace: the added part must read as zero too ----
    const file = this.fileOf(name)
    const { size } = await stat(file)
    if (newSizeBytes < size) throw new Error(`${name} has ${size} bytes already, ${newSizeBytes} are fewer`)
    await truncate(file, newSizeBytes)
  }

  /** Takes back what the start of the driver made, with all volumes. */
  async shutdown(): Promise<void> {
    // ---- replace ----
    for (const entry of await readdir(this.folder)) if (entry.startsWith(OURS)) await rm(join(this.folder, entry))
  }

  private fileOf(name: string): string {
    if (!/^[A-Za-z0-9_.+-]{1,100}$/.test(name)) throw new Error(`${JSON.stringify(name)} cannot name a volume`)
    return join(this.folder, `${OURS}${name}`)
  }
}

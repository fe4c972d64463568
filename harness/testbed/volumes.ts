import type { Content } from '../content/content.ts'
import { definitionOf, type StorageBackend } from '../drivers/backend.ts'
import { BrokenLab, messageOf } from '../errors.ts'
import type { Lab } from '../lab/lab.ts'
import type { Backend } from '../migration/volume.ts'
import { makeLine } from '../protocol/json_rpc.ts'
import { connectService, serveDriver } from '../protocol/volume_service.ts'
import type { Verification } from '../result/bytes.ts'

/** Puts a backend behind its volume service. */
export function serveBackend({ name, driver }: StorageBackend): Backend {
  const [there, here] = makeLine()
  serveDriver(driver, there)
  return { name, service: connectService(here) }
}

/** A volume of a backend. */
export class LabVolume {
  readonly name: string
  readonly backend: StorageBackend
  readonly sizeBytes: number
  protected readonly lab: Lab

  constructor(lab: Lab, backend: StorageBackend, name: string, sizeBytes: number) {
    this.lab = lab
    this.backend = backend
    this.name = name
    this.sizeBytes = sizeBytes
  }

  /** Creates the volume. It goes with the lab, if it is still there then. */
  async create(): Promise<void> {
    await this.lab.own(
      `the volume ${this.name}`,
      () => this.backend.driver.createVolume(this.name, this.sizeBytes),
      () => this.remove(),
    )
  }

  /** Attaches the volume and returns the path of its device or file. */
  path(): Promise<string> {
    return this.backend.driver.attachVolume(this.name)
  }

  /** Writes a content. Its holes are zeroed where new volumes do not read as zeros. */
  async write(content: Content): Promise<void> {
    await this.lab.helper.stamp(await this.path(), content, definitionOf(this.backend.kind).claim ? 'extents' : 'everywhere')
  }

  /** Compares every byte with a content, read past the caches. A file that is larger than the content is an error. */
  async verify(content: Content): Promise<Verification> {
    await this.backend.dropCache?.(this.name)
    return this.lab.helper.verify(await this.path(), content, true)
  }

  async exists(): Promise<boolean> {
    try {
      await this.path()
      return true
    } catch (error) {
      // Any other error than a missing file or device says nothing about the volume.
      if (error instanceof BrokenLab || !messageOf(error).includes('ENOENT')) throw error
      return false
    }
  }

  /** Deletes the volume if it exists. */
  async remove(): Promise<void> {
    if (await this.exists()) await this.backend.driver.deleteVolume(this.name)
  }
}

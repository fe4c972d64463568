import type { Content } from '../content/content.ts'
import { definitionOf, type StorageBackend } from '../drivers/backend.ts'
import { BrokenLab, messageOf } from '../errors.ts'
import type { Lab } from '../lab/lab.ts'
import type { Backend } from '../migration/volume.ts'
import type { VolumeDriver } from '../protocol/driver.ts'
import { makeLine } from '../protocol/json_rpc.ts'
import { connectService, serveDriver } from '../protocol/volume_service.ts'

/** Puts a backend behind its volume service. */
export function serveBackend({ name, driver }: StorageBackend): Backend {
  const [there, here] = makeLine()
  serveDriver(driver, there)
  return { name, service: connectService(here) }
}

/** Creates a volume that goes with the lab, if it is still there then. */
export async function placeVolume(lab: Lab, { driver }: StorageBackend, name: string, sizeBytes: number): Promise<void> {
  await lab.own(
    `the volume ${name}`,
    () => driver.createVolume(name, sizeBytes),
    () => removeVolume(driver, name),
  )
}

/** Writes a content. What the owner leaves out is zeroed where new volumes do not read as zeros. */
export async function stampVolume(lab: Lab, { kind, driver }: StorageBackend, name: string, content: Content): Promise<void> {
  await lab.helper.stamp(await driver.attachVolume(name), content, !definitionOf(kind).claim)
}

/** Deletes a volume that may not exist. */
export async function removeVolume(driver: VolumeDriver, name: string): Promise<void> {
  if (await volumeExists(driver, name)) await driver.deleteVolume(name)
}

export async function volumeExists(driver: VolumeDriver, name: string): Promise<boolean> {
  try {
    await driver.attachVolume(name)
    return true
  } catch (error) {
    // Anything else than a missing file or device says nothing about the volume.
    if (error instanceof BrokenLab || !messageOf(error).includes('ENOENT')) throw error
    return false
  }
}

import type { Content } from '../data/content.ts'
import { honest, type StorageBackend } from '../drivers/backend.ts'
import type { VolumeDriver } from '../drivers/driver.ts'
import type { Lab } from '../lab/lab.ts'
import { BrokenLab, messageOf } from '../machine/errors.ts'
import type { MigrationParts } from '../migration/migrate.ts'
import type { Backend } from '../migration/volume.ts'
import { connectService, DEFAULT_LIMITS, serveDriver } from '../migration/volume_service.ts'
import { makeLine } from '../rpc/json_rpc.ts'
import type { RuleParts } from './broken_rules.ts'
import type { Misanswer } from './cell.ts'
import { MISANSWER_ASK_SECONDS, serveMisanswering } from './misanswer.ts'

/** Puts a backend behind its volume service; with a misanswer, one that answers get_capabilities in that way. */
export function serveBackend(backend: StorageBackend, misanswer?: Misanswer): Backend {
  const [there, here] = makeLine()
  if (misanswer === undefined) serveDriver(backend.driver, there)
  else serveMisanswering(backend.driver, misanswer, there)
  const limits = misanswer === undefined ? DEFAULT_LIMITS : { ...DEFAULT_LIMITS, askSeconds: MISANSWER_ASK_SECONDS }
  return { name: backend.name, service: connectService(here, limits) }
}

/** A migration in a lab, with these parts. */
export function migrationParts(lab: Lab, { mover, rule, ask }: RuleParts): MigrationParts {
  return {
    copy: (from, to, bytes, mode) => mover(lab, { from, to, bytes, mode }),
    sizeOf: async (path) => (await lab.inside.measure(path)).sizeBytes,
    ...(rule !== undefined && { rule }),
    ...(ask !== undefined && { ask }),
  }
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
  await lab.inside.stamp(await driver.attachVolume(name), content, !honest(kind).claim)
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

import type { Content } from '../../content/content.ts'
import type { MigrationMethod, MigrationResult } from '../../migration/migrate.ts'
import { migrateInLab, soundParts } from '../../migration/parts.ts'
import type { Backend } from '../../migration/volume.ts'
import type { DriverSession, DriverVolume, Written } from '../session/driver_session.ts'

export interface MigratedContent {
  readonly result: MigrationResult
  /** The volume on the destination; absent when it did not arrive. */
  readonly arrived?: DriverVolume
}

/**
 * Decides what is written to the source. Where it does not promise zeros, they must be written. The driver under test has its
 * zeros written too: a migration away from it is not about its claim.
 */
export function writtenTo(source: DriverSession, direction: 'in' | 'out'): Written {
  return direction === 'in' && source.claim ? 'extents' : 'everywhere'
}

/** Makes a volume with a content on one driver and migrates it to another, by the rule. */
export async function migrateContent(
  source: DriverSession,
  destination: DriverSession,
  method: MigrationMethod,
  content: Content,
  written: Written,
): Promise<MigratedContent> {
  const { sizeBytes } = content
  const volume = await source.create(sizeBytes)
  await volume.write(content, written)
  await volume.detach()

  const from = { name: volume.name, sizeBytes, backend: backendOf(source) }
  const { result, record } = await migrateInLab(destination.lab, from, backendOf(destination), method, soundParts, ({ copy }) => ({
    copy: (...order) => destination.recordCopy(() => copy(...order)),
    newName: () => `${volume.name}-migrated`,
  }))
  if (result.outcome !== 'migrated') return { result }
  source.forget(volume.name)
  return { result, arrived: destination.adopt(record.name, sizeBytes) }
}

function backendOf(session: DriverSession): Backend {
  return { name: session.name, service: session.recordedService() }
}

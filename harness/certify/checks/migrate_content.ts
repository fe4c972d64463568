import type { Content } from '../../content/content.ts'
import { type MigrationMethod, type MigrationResult, migrate } from '../../migration/migrate.ts'
import { migrationParts, soundParts } from '../../migration/parts.ts'
import type { Backend, Volume } from '../../migration/volume.ts'
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

  const record: Volume = { name: volume.name, sizeBytes, status: 'available', migrationStatus: null, backend: backendOf(source) }
  const parts = migrationParts(destination.lab, soundParts)
  const result = await migrate(record, backendOf(destination), method, {
    ...parts,
    copy: (...order) => destination.recordCopy(() => parts.copy(...order)),
    newName: () => `${volume.name}-migrated`,
  })
  if (result.outcome !== 'migrated') return { result }
  source.forget(volume.name)
  return { result, arrived: destination.adopt(record.name, sizeBytes) }
}

function backendOf(session: DriverSession): Backend {
  return { name: session.name, service: session.recordedService() }
}

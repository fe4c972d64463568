import { mappedBytesOf } from '../block/usage.ts'
import type { Lab } from '../lab/lab.ts'
import { dd } from '../movers/dd.ts'
import { copyVolume, type Mover } from '../movers/mover.ts'
import { type MigrationMethod, type MigrationParts, type MigrationResult, migrate } from './migrate.ts'
import type { Rule } from './rule.ts'
import type { Backend, Volume } from './volume.ts'

/** The parts of a migration that can be broken on purpose. */
export interface RuleParts {
  readonly mover: Mover
  readonly rule?: Rule
  readonly ask?: MigrationParts['ask']
}

/** The rule and the mover as they should be. */
export const soundParts: RuleParts = { mover: dd }

export interface LabMigration {
  readonly result: MigrationResult
  /** The volume's record afterwards. */
  readonly record: Volume
}

/** Migrates a volume by a rule, with the copy in a lab. `overrides` replaces parts of the migration. */
export async function migrateInLab(
  lab: Lab,
  { name, sizeBytes, backend }: Pick<Volume, 'name' | 'sizeBytes' | 'backend'>,
  destination: Backend,
  method: MigrationMethod,
  { mover, rule, ask }: RuleParts = soundParts,
  overrides: (parts: MigrationParts) => Partial<MigrationParts> = () => ({}),
): Promise<LabMigration> {
  const record: Volume = { name, sizeBytes, status: 'available', migrationStatus: null, backend }
  const parts: MigrationParts = {
    copy: (from, to, bytes, mode) => copyVolume(lab, mover, { from, to, bytes, mode }),
    sizeOf: async (path) => (await lab.helper.measure(path)).sizeBytes,
    mappedBytesOf: (path) => mappedBytesOf(lab, path),
    ...(rule !== undefined && { rule }),
    ...(ask !== undefined && { ask }),
  }
  const result = await migrate(record, destination, method, { ...parts, ...overrides(parts) })
  return { result, record }
}

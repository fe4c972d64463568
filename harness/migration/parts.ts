import { mappedBytesOf } from '../block/usage.ts'
import { BrokenLab, messageOf } from '../errors.ts'
import type { Written } from '../helper/writer.ts'
import type { Lab } from '../lab/lab.ts'
import { dd } from '../movers/dd.ts'
import { type MirrorFault, NotOpened } from '../movers/mirror/disk.ts'
import type { Instance, MirrorStage } from '../movers/mirror/instance.ts'
import { mirrorOptionsFor } from '../movers/mirror/options.ts'
import { MirrorFailed } from '../movers/mirror/qmp.ts'
import { copyVolume, type Mover } from '../movers/mover.ts'
import type { CopyMode } from '../result/copy_mode.ts'
import { type MigrationMethod, type MigrationParts, type MigrationResult, migrate } from './migrate.ts'
import type { Rule } from './rule.ts'
import type { Backend, Volume } from './volume.ts'

/** The parts of a migration that can be broken on purpose. */
export interface RuleParts {
  readonly mover: Mover
  readonly rule?: Rule
  readonly ask?: MigrationParts['ask']
}

/** How a volume in use migrates: its instance, and what that is told. */
export interface LiveParts {
  readonly instance: Instance
  /** Options for the mode that was decided; default: mirrorOptionsFor. */
  readonly optionsFor?: typeof mirrorOptionsFor
  /** How the mirror is broken on purpose. */
  readonly fault?: MirrorFault | undefined
  readonly onStage?: (stage: MirrorStage) => Promise<void>
}

/** The rule and the mover as they should be. */
export const soundParts: RuleParts = { mover: dd }

export interface LabMigration {
  readonly result: MigrationResult
  /** The volume's record afterwards. */
  readonly record: Volume
  /** What the mirror of a volume in use threw. */
  readonly mirrorError?: unknown
}

/** Migrates a volume by a rule, with the copy in a lab; one in use with `live`. `overrides` replaces parts of the migration. */
export async function migrateInLab(
  lab: Lab,
  { name, sizeBytes, backend }: Pick<Volume, 'name' | 'sizeBytes' | 'backend'>,
  destination: Backend,
  method: MigrationMethod,
  { mover, rule, ask }: RuleParts = soundParts,
  overrides: (parts: MigrationParts) => Partial<MigrationParts> = () => ({}),
  live?: LiveParts,
): Promise<LabMigration> {
  const record: Volume = { name, sizeBytes, status: live === undefined ? 'available' : 'in-use', migrationStatus: null, backend }
  let mirrorError: unknown
  const parts: MigrationParts = {
    copy: (from, to, bytes, mode) => copyVolume(lab, mover, { from, to, bytes, mode }),
    sizeOf: async (path) => (await lab.helper.measure(path)).sizeBytes,
    mappedBytesOf: (path) => mappedBytesOf(lab, path),
    ...(live && {
      mirror: async (to, mode) => {
        try {
          await mirrorTo(to, mode, live)
        } catch (error) {
          mirrorError = error
          throw error
        }
      },
    }),
    ...(rule !== undefined && { rule }),
    ...(ask !== undefined && { ask }),
  }
  const result = await migrate(record, destination, method, { ...parts, ...overrides(parts) })
  return { result, record, ...(mirrorError !== undefined && { mirrorError }) }
}

function mirrorTo(to: string, mode: CopyMode, { instance, optionsFor = mirrorOptionsFor, fault, onStage }: LiveParts): Promise<void> {
  return instance.mirror({ to, options: optionsFor(mode, instance.qemu), fault, ...(onStage && { onStage }) })
}

/**
 * Throws what a live migration showed that says nothing of its volumes: BrokenLab when QEMU failed at anything but reading the source or
 * writing the destination or went away, NotOpened when it cannot have a volume in use.
 */
export function demandSoundQemu(mirrorError: unknown, { lost, lostBy }: Pick<Written, 'lost' | 'lostBy'>): void {
  if (mirrorError instanceof NotOpened) throw mirrorError
  const isOfVolumes = mirrorError instanceof MirrorFailed && mirrorError.side !== 'unknown'
  if (mirrorError !== undefined && !isOfVolumes) throw new BrokenLab(`a live migration: ${messageOf(mirrorError)}`, { cause: mirrorError })
  if (lost !== undefined && lostBy === 'gone') throw new BrokenLab(`the instance lost its volume: ${lost}`)
}

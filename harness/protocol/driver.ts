import type { CopyMode } from '../result/copy_mode.ts'
import type { DriverSetup, VerbResult } from './verbs.ts'

/** The target of a driver-assisted migration, as the manager gives it to the source's driver. */
export interface MigrationTarget {
  /** `location_info` of the destination's capability report, as it came. */
  readonly locationInfo: unknown
  /** The decision of the rule on the destination's answer. */
  readonly copyMode: CopyMode
  /** The volume's own size in bytes: its device may be larger, and the bytes past the end are not the volume's. */
  readonly sizeBytes: number
}

/** The verbs that every volume driver has. */
export interface NeededVerbs {
  /** The capability report; whoever asks checks it. */
  getCapabilities(): Promise<unknown>
  createVolume(name: string, sizeBytes: number): Promise<void>
  deleteVolume(name: string): Promise<void>
  /** Makes the volume reachable on its machine and gives the path of its block device or file. */
  attachVolume(name: string): Promise<string>
  detachVolume(name: string): Promise<void>
}

/** The verbs that a volume driver may lack. */
export interface OptionalVerbs {
  /** Moves the volume by the driver's own means; false when it cannot, and nothing has happened. */
  migrateVolume(name: string, target: MigrationTarget): Promise<boolean>
  /** Gives the volume its final name after a migration. */
  updateMigratedVolume(name: string, newName: string): Promise<void>
  extendVolume(name: string, newSizeBytes: number): Promise<void>
  createSnapshot(name: string, volume: string): Promise<void>
  deleteSnapshot(name: string, volume: string): Promise<void>
  createVolumeFromSnapshot(name: string, sizeBytes: number, snapshot: string, volume: string): Promise<void>
  createClonedVolume(name: string, sizeBytes: number, source: string): Promise<void>
}

/**
 * A volume driver with Cinder's verbs. Names are unique within the driver's backend, sizes are in bytes. Every verb throws
 * when it fails.
 */
export interface VolumeDriver extends NeededVerbs, Partial<OptionalVerbs> {}

/** A built-in driver. Its report lacks the claim, which is added to it in one place. */
export interface BuiltInDriver extends VolumeDriver {
  getCapabilities(): Promise<CapabilityReport>
}

export type CapabilityReport = Readonly<Record<string, string | boolean>>

/** A driver that a module makes. */
export interface ModuleDriver extends VolumeDriver {
  /** The answer to do_setup, besides the protocol's version. */
  readonly about?: Omit<VerbResult<'do_setup'>, 'protocol'>
  /** Takes back what the making of the driver made. */
  shutdown?(): Promise<void>
}

/**
 * The default export of a driver module. Called after each start of the driver: the volumes made before a restart must be there
 * still.
 */
export type MakeDriver = (setup: DriverSetup) => ModuleDriver | Promise<ModuleDriver>

/** A driver that is another one but for some verbs. */
export function overriding(driver: VolumeDriver, verbs: Partial<VolumeDriver>): VolumeDriver {
  const changed: VolumeDriver = Object.create(driver)
  return Object.assign(changed, verbs)
}

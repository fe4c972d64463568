import type { VolumeService } from './volume_service.ts'

/** Cinder's migration states. */
export type MigrationStatus = 'starting' | 'migrating' | 'completing' | 'success' | 'error'

/** Where volumes live: a driver behind its volume service. */
export interface Backend {
  readonly name: string
  readonly service: VolumeService
}

/** The record of a volume, as a volume database keeps it. */
export interface Volume {
  readonly name: string
  readonly sizeBytes: number
  status: 'available' | 'in-use' | 'deleting' | 'error'
  migrationStatus: MigrationStatus | null
  backend: Backend
}

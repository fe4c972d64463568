import type { VolumeService } from '../protocol/volume_service.ts'

/** Cinder's migration states. */
export type MigrationStatus = 'starting' | 'migrating' | 'completing' | 'success' | 'error'

/** Where volumes live: a driver behind its volume service. */
export interface Backend {
  readonly name: string
  readonly service: VolumeService
  /** The layers that a copy passes before it reaches what the driver made: encryption, an image format. */
  readonly layers?: readonly string[]
}

/** The record of a volume, as a volume database keeps it. */
export interface Volume {
  /** Under which its backend's driver knows it. */
  name: string
  readonly sizeBytes: number
  status: 'available' | 'in-use' | 'deleting' | 'error'
  migrationStatus: MigrationStatus | null
  backend: Backend
}

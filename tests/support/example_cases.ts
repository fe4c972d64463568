import type { Experiment, MigrationCase } from '../../harness/certify/checks/cases.ts'
import { MiB, SECTOR_BYTES } from '../../harness/units.ts'

/** A new volume on which nothing was written. */
export const plainExperiment: Experiment = { kind: 'new', reused: false, volumes: 1, sizeBytes: 8 * MiB, writes: [] }

export const sectorWrite = { offset: 4096, length: SECTOR_BYTES }

export const exampleMigration: MigrationCase = {
  kind: 'migration',
  peer: 'nfs',
  direction: 'in',
  method: 'driver',
  sizeBytes: 16 * MiB,
  writes: [sectorWrite, { offset: 2 * MiB, length: MiB }],
}

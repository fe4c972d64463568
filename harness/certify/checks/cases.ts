import type { MigrationMethod } from '../../migration/migrate.ts'
import type { Extent, Verification } from '../../result/bytes.ts'
import { sizeText } from '../../units.ts'

/** New volumes and what their user writes to them. Everything else in them should then read as zero. */
export interface Experiment {
  readonly kind: 'new'
  /** The storage was filled through the driver and freed before. */
  readonly reused: boolean
  /** How many volumes are made, one after another; each of them is read. */
  readonly volumes: number
  readonly sizeBytes: number
  /** Made at `sizeBytes`, then extended to this. */
  readonly extendedTo?: number
  /** The writes to each volume. */
  readonly writes: readonly Pick<Extent, 'offset' | 'length'>[]
}

/** A volume with these writes that is migrated between the driver and a peer. */
export interface MigrationCase {
  readonly kind: 'migration'
  readonly peer: string
  /** `in` is to the driver under test. */
  readonly direction: 'in' | 'out'
  readonly method: MigrationMethod
  readonly sizeBytes: number
  readonly writes: readonly Pick<Extent, 'offset' | 'length'>[]
}

/** A case that may show that a driver is wrong. */
export type Case = Experiment | MigrationCase

/** The contents of one volume of an experiment, compared with what it should hold. */
export interface Reading {
  /** The number of the volume, from 1. */
  readonly volume: number
  readonly name: string
  /** The size of its device or file: at least what was asked for. */
  readonly actualBytes: number
  readonly verification: Verification
}

/** Returns the first reading with a wrong byte. */
export function firstStale(readings: readonly Reading[]): Reading | undefined {
  return readings.find(({ verification }) => verification.wrongBytes > 0)
}

/** Describes a case: "a new volume of 1 MiB, on space that was used before, 512 bytes written at byte 0". */
export function describeCase(some: Case): string {
  const size = sizeText(some.sizeBytes)
  if (some.kind === 'migration') {
    const way = some.direction === 'in' ? `from ${some.peer}` : `to ${some.peer}`
    return `a volume of ${size}, ${describeWrites(some.writes)}, then migrated ${way} by the ${some.method}`
  }
  return [
    some.volumes === 1 ? `a new volume of ${size}` : `${some.volumes} new volumes of ${size}`,
    ...(some.reused ? ['on space that was used before'] : []),
    ...(some.extendedTo === undefined ? [] : [`extended to ${sizeText(some.extendedTo)}`]),
    describeWrites(some.writes),
  ].join(', ')
}

function describeWrites(writes: Case['writes']): string {
  const [first] = writes
  if (first === undefined) return 'nothing written'
  return writes.length === 1
    ? `${sizeText(first.length)} written at byte ${first.offset}`
    : `${writes.length} writes of up to ${sizeText(Math.max(...writes.map(({ length }) => length)))}`
}

import type { LoggedCopy } from './cinder_log.ts'

/**
 * `intact`: every byte is right. `corrupt`: some are not. `kept`: Cinder gave up as it had to, and the source is whole. `failed`: Cinder
 * did not do what it was asked for, and the source is whole. `broken`: the lab failed.
 */
export type RowVerdict = 'intact' | 'corrupt' | 'kept' | 'failed' | 'broken'

export interface WrongBytes {
  readonly bytes: number
  /** The offset of the first one in the volume. */
  readonly first: number
  /** What was there instead: zeros, poison, data of another volume, or noise. */
  readonly found: string
  readonly expected: 'data' | 'zero'
}

export interface RowResult {
  readonly id: string
  readonly verdict: RowVerdict
  /** The states of the volume in Cinder's database, once Cinder was done. */
  readonly status?: string
  readonly migrationStatus?: string
  /** `sparse_copy_volume` as the destination's driver reported it to Cinder's scheduler. */
  readonly claim?: boolean | string
  readonly copies: readonly LoggedCopy[]
  readonly checkedBytes?: number
  readonly wrong?: WrongBytes
  /** Data% of the destination's pool, or of the source's for a volume that stayed there. */
  readonly dataPercent?: { readonly before: string; readonly after: string }
  readonly seconds: number
  /** What Cinder left behind: volumes, records, files. */
  readonly leftovers: readonly string[]
  /** Why Cinder gave up, or what the row showed besides. */
  readonly note?: string
}

/** A run of rows on one release of Cinder. */
export interface CinderResult {
  readonly version: 1
  readonly cinder: string
  readonly kernel: string
  readonly seed: number
  readonly startedAt: string
  readonly seconds: number
  readonly rows: readonly RowResult[]
}

/** The exit code's meaning: what Cinder did stands whatever else failed. */
export function outcomeOf(results: readonly CinderResult[]): 'upheld' | 'refuted' | 'broken' {
  const verdicts = results.flatMap(({ rows }) => rows.map(({ verdict }) => verdict))
  if (verdicts.some((verdict) => verdict === 'corrupt' || verdict === 'failed')) return 'refuted'
  return verdicts.includes('broken') ? 'broken' : 'upheld'
}

import type { RangeMap } from '../content/ranges.ts'

/** The work of a copy, in bytes. Zeroing and discarding beside it are not counted. */
export interface Copied {
  readonly readBytes: number
  readonly writtenBytes: number
  /** The ranges that the copy wrote; it skipped the rest. */
  readonly written: RangeMap<true>
  /** Present if the destination refused a discard, which ends the copy. */
  readonly refused?: 'discard'
}

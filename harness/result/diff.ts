/** What a range of bytes holds: zeros alone, or something else. */
export type Held = 'zeros' | 'data'

/** A range in which two volumes differ, in bytes; it begins and ends at a sector. Where both hold data, it is not the same data. */
export interface DifferingRange {
  readonly offset: number
  readonly length: number
  readonly source: Held
  readonly destination: Held
}

/** A volume that was compared, and what of it was read. */
export interface ComparedVolume {
  readonly path: string
  readonly kind: 'file' | 'block device'
  readonly sizeBytes: number
  readonly readBytes: number
  /** How it is known that the rest is zeros; or why nothing of the kind is known, so that all of it was read. */
  readonly holes: string
  /** False where its filesystem takes no direct reads: what was read is what the page cache held. */
  readonly direct: boolean
}

/** Two volumes compared, byte by byte. */
export interface Diff {
  readonly source: ComparedVolume
  readonly destination: ComparedVolume
  /** Whether the destination holds all of the source, and nothing but zeros after it. */
  readonly same: boolean
  /** The bytes that both have. */
  readonly comparedBytes: number
  /** The bytes of all ranges that differ. */
  readonly differingBytes: number
  /** The first ranges that differ, in order. */
  readonly ranges: readonly DifferingRange[]
  /** The number of ranges after those. */
  readonly moreRanges: number
  /** The first page of 4 KiB with a difference, on both sides, in base64. */
  readonly firstPage?: { readonly offset: number; readonly source: string; readonly destination: string }
  /** What the larger of the two has after the end of the other. */
  readonly tail?: {
    readonly of: 'source' | 'destination'
    readonly sizeBytes: number
    /** The bytes of its sectors that are not zeros. */
    readonly dataBytes: number
    /** The first of them. */
    readonly firstDataAt?: number
  }
  readonly seconds: number
}

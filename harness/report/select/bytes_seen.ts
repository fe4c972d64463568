import type { CopyResult } from '../../result/copy.ts'
import type { Evidence } from '../../result/evidence.ts'

type Seen = Pick<NonNullable<Evidence['verification']>, 'wrongBytes'> | Pick<CopyResult, 'wrongBytes' | 'staleBytesPastEnd'>

/** A word for a copy's bytes as measured, and how many bytes it is about. Undefined where nothing was measured. */
export function bytesSeen(seen: Seen): { readonly word: 'corrupt' | 'stale past end' | 'intact'; readonly bytes: number } | undefined {
  if (seen.wrongBytes === undefined) return undefined
  if (seen.wrongBytes > 0) return { word: 'corrupt', bytes: seen.wrongBytes }
  const pastEnd = 'staleBytesPastEnd' in seen ? (seen.staleBytesPastEnd ?? 0) : 0
  return pastEnd > 0 ? { word: 'stale past end', bytes: pastEnd } : { word: 'intact', bytes: 0 }
}

/** Says if a user of the copy finds bytes that are not theirs. */
export function isCorrupt(seen: Seen | undefined): boolean {
  return seen !== undefined && (bytesSeen(seen)?.bytes ?? 0) > 0
}

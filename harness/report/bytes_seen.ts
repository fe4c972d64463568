import type { CopyResult } from '../result/copy.ts'
import type { Evidence } from '../result/evidence.ts'

type Seen = Pick<NonNullable<Evidence['verification']>, 'wrongBytes'> | Pick<CopyResult, 'wrongBytes' | 'staleBytesPastEnd'>

/** What was seen of a copy's bytes: a word for it, and of how many it is so; undefined where nothing was measured. */
export function bytesSeen(seen: Seen): { readonly word: 'corrupt' | 'stale behind' | 'intact'; readonly bytes: number } | undefined {
  if (seen.wrongBytes === undefined) return undefined
  if (seen.wrongBytes > 0) return { word: 'corrupt', bytes: seen.wrongBytes }
  const behind = 'staleBytesPastEnd' in seen ? (seen.staleBytesPastEnd ?? 0) : 0
  return behind > 0 ? { word: 'stale behind', bytes: behind } : { word: 'intact', bytes: 0 }
}

/** Whether a user of the copy finds bytes that are not theirs. */
export function isCorrupt(seen: Seen | undefined): boolean {
  return seen !== undefined && (bytesSeen(seen)?.bytes ?? 0) > 0
}

import type { Content, Extent } from '../content/content.ts'
import type { Origin } from '../content/origin.ts'
import { filled, joined, type Run, type Runs } from '../content/runs.ts'

/** What a volume's owner wrote: nothing where it wrote nothing. */
export function writtenRuns(extents: readonly Extent[], as: 'data' | 'stale' = 'data'): Runs<Origin> {
  const runs = extents.map(
    ({ offset, length, write }): Run<Origin> => ({
      from: offset,
      to: offset + length,
      value: write === 'data' ? as : 'zero',
    }),
  )
  return joined(runs)
}

/** What a volume must read as: what was written, and zeros. */
export function expectedRuns({ sizeBytes, extents }: Pick<Content, 'sizeBytes' | 'extents'>): Runs<Origin> {
  return filled(writtenRuns(extents), 0, sizeBytes, 'zero')
}

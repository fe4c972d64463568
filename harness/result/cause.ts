import { z } from 'zod'
import type { Difference } from './bytes.ts'

/** What went wrong where a driver is refuted, so that the advice fits what was found and not only the check that found it. */
export const causeSchema = z.enum([
  'stale',
  'lost-tail',
  'lost-write',
  'not-durable',
  'unread',
  'too-small',
  'cached',
  'full',
  'io-error',
  'prompt',
  'source-left',
  'source-lost',
  'arrival-left',
  'thick',
])
export type Cause = z.infer<typeof causeSchema>

/** The words by which an error is known, the more telling first. Errors are those of the C library, LVM and dd. */
const WORDS: readonly (readonly [Cause, RegExp])[] = [
  ['prompt', /\[y\/n\]|has the driver's standard input/i],
  ['full', /no space left on device|out of data space|insufficient free space|insufficient suitable|disk quota exceeded|not enough space/i],
  ['io-error', /input\/output error|i\/o error/i],
  ['cached', /reads otherwise through the page cache/],
  ['too-small', /holds \d+ bytes, (but \d+ were asked for|fewer than)|beyond real size of device|device \S+ is too small/i],
]

/** The cause that an error's text names; undefined where it names none. Pure. */
export function causeOfText(text: string): Cause | undefined {
  return WORDS.find(([, words]) => words.test(text))?.[0]
}

/**
 * The cause that wrong bytes show: something else where zeros belong, or data that is not there: at the end alone, or elsewhere. `first`
 * is the first difference, `count` the number of wrong bytes and `sizeBytes` the size of the volume, where its end matters. Pure.
 */
export function causeOfWrong(
  { first, count }: { readonly first: Difference; readonly count: number },
  sizeBytes = Number.MAX_SAFE_INTEGER,
): Cause {
  if (first.expected === 'zero') return 'stale'
  return first.offset + Math.max(first.length, count) >= sizeBytes ? 'lost-tail' : 'lost-write'
}

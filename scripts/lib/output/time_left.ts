/** The length of a run: a number of parts, or a number of seconds. */
export type Length = number | { readonly seconds: number }

/** The approximate time left, to append to a line of a log; empty at the end. */
export function timeLeft(length: Length, done: number, elapsedSeconds: number): string {
  const seconds = typeof length === 'number' ? (elapsedSeconds / done) * (length - done) : length.seconds - elapsedSeconds
  if (seconds <= 0) return ''
  return seconds < 100 ? `, ${Math.ceil(seconds / 10) * 10} s left` : `, ${Math.ceil(seconds / 60)} min left`
}

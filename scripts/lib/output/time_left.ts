/** How long a run is: so many parts, or so many seconds. */
export type Length = number | { readonly seconds: number }

/** About how long a run goes on, for a line of a log; nothing in its end. */
export function timeLeft(length: Length, done: number, elapsedSeconds: number): string {
  const seconds = typeof length === 'number' ? (elapsedSeconds / done) * (length - done) : length.seconds - elapsedSeconds
  if (seconds <= 0) return ''
  return seconds < 100 ? `, ${Math.ceil(seconds / 10) * 10} s left` : `, ${Math.ceil(seconds / 60)} min left`
}

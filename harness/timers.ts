import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Resolves to what the promise resolves to, or to undefined once `ms` milliseconds have passed or the signal aborts. Rejects
 * when the promise rejects first. The timer is cleared in every case.
 */
export async function within<Value>(promise: Promise<Value>, ms: number, signal?: AbortSignal): Promise<Value | undefined> {
  const timer = new AbortController()
  const giveUp = () => timer.abort()
  signal?.addEventListener('abort', giveUp)
  if (signal?.aborted) giveUp()
  const late = sleep(ms, undefined, { signal: timer.signal }).catch(() => undefined)
  try {
    return await Promise.race([promise, late])
  } finally {
    signal?.removeEventListener('abort', giveUp)
    giveUp()
  }
}

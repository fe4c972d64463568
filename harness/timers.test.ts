import { describe, expect, test } from 'vitest'
import { within } from './timers.ts'

const never = new Promise<string>(() => {})
const LONG_MS = 60_000

describe('a promise with a time limit', () => {
  test('gives its value when it is in time', async () => {
    expect(await within(Promise.resolve('done'), LONG_MS)).toBe('done')
  })

  test('gives undefined when it is late', async () => {
    expect(await within(never, 1)).toBeUndefined()
  })

  test('rejects as the promise does', async () => {
    await expect(within(Promise.reject(new Error('lost')), LONG_MS)).rejects.toThrow('lost')
  })

  test('gives undefined when the signal aborts, also when it was aborted before', async () => {
    const stop = new AbortController()
    const waiting = within(never, LONG_MS, stop.signal)
    stop.abort()

    expect(await waiting).toBeUndefined()
    expect(await within(never, LONG_MS, stop.signal)).toBeUndefined()
  })

  test('leaves no timer behind', async () => {
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
    const before = timers()
    await within(Promise.resolve(), LONG_MS)

    expect(timers()).toBe(before)
  })
})

import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { holdingSignals } from './signals.ts'

/** Returns the events during and after work that a SIGINT interrupts, in order. */
async function interrupted(end: () => void): Promise<string[]> {
  const seen: string[] = []
  const observe = () => void seen.push('signal')
  process.on('SIGINT', observe)
  try {
    const work = async () => {
      process.kill(process.pid, 'SIGINT')
      await sleep(50)
      seen.push('work')
      end()
    }
    await holdingSignals(work).catch(() => seen.push('failure'))
    await sleep(50)
    return seen
  } finally {
    process.off('SIGINT', observe)
  }
}

test('a signal during the work is sent again when the work is done', async () => {
  expect(await interrupted(() => {})).toEqual(['signal', 'work', 'signal'])
})

test('also if the work fails', async () => {
  const fail = () => {
    throw new Error('it fails')
  }
  expect((await interrupted(fail)).toSorted()).toEqual(['failure', 'signal', 'signal', 'work'])
})

test('without a signal none is sent', async () => {
  expect(await holdingSignals(async () => 'done')).toBe('done')
  expect(process.listenerCount('SIGINT')).toBe(0)
})

import { messageOf } from '../errors.ts'
import type { TestBed } from './test_bed.ts'

/** Why something is not shown in a run that was ended early. */
export const STOPPED = 'the run was stopped'

export interface QueueRun<Item> {
  readonly leaks: readonly string[]
  /** The items that were not run, and why. */
  readonly left: readonly Item[]
  readonly why: string
}

/**
 * Runs items on all test beds at once, each taking the next in order. A test bed whose machine is dead takes no more, and after the
 * signal none does. What a run throws is thrown again once the others have ended.
 */
export async function runQueue<Item>(
  items: Iterable<Item>,
  testBeds: readonly TestBed[],
  signal: AbortSignal,
  run: (testBed: TestBed, item: Item) => Promise<{ broken: boolean; leaks: readonly string[] }>,
): Promise<QueueRun<Item>> {
  const queue = items[Symbol.iterator]()
  const leaks: string[] = []
  const faults: string[] = []
  const work = async (testBed: TestBed) => {
    while (!signal.aborted) {
      const next = queue.next()
      if (next.done) return
      const ended = await run(testBed, next.value)
      leaks.push(...ended.leaks)
      const dead = ended.broken ? await isDead(testBed) : undefined
      if (dead !== undefined) return void faults.push(dead)
    }
  }
  const worked = await Promise.allSettled(testBeds.map(work))
  for (const ended of worked) if (ended.status === 'rejected') throw ended.reason
  const left: Item[] = []
  if (signal.aborted || faults.length === testBeds.length)
    for (let next = queue.next(); !next.done; next = queue.next()) left.push(next.value)
  return { leaks, left, why: signal.aborted ? STOPPED : faults.join('; ') }
}

async function isDead({ machine, lab }: TestBed): Promise<string | undefined> {
  try {
    await machine.run(['true'], { timeoutSeconds: 20 })
    await lab.helper.ping()
    return undefined
  } catch (error) {
    return messageOf(error)
  }
}

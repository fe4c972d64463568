import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { openNative } from '../machine/native.ts'
import { makeRunFolder } from './run_folder.ts'
import { findRuns, sweep } from './sweep.ts'

test('a run that begins while a sweep is under way is not swept', async () => {
  const before = await findRuns()
  const folder = await makeRunFolder(0)
  const machine = openNative('new', folder.path)
  const running = await machine.start(['sleep', '30'])
  try {
    const { removed } = await sweep(before)

    expect(removed.join('\n')).not.toContain(folder.prefix)
    expect(await Promise.race([running.ended, sleep(200, 'alive')])).toBe('alive')
  } finally {
    await machine.close()
    await folder.remove()
  }
})

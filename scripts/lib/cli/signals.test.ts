import { expect, test } from 'vitest'
import { assetPath } from '../../../harness/paths.ts'
import { runIn } from '../../../tests/support/run_in.ts'

/**
 * Returns the events during and after work that a SIGINT interrupts, in order. A process of its own receives the signal: it would end all
 * tests that run in this one.
 */
async function interrupted(end: string): Promise<string[]> {
  const script = `
    import { setTimeout as sleep } from 'node:timers/promises'
    import { holdingSignals } from '${assetPath('scripts/lib/cli/signals.ts')}'
    process.on('SIGINT', () => console.log('signal'))
    const work = async () => {
      process.kill(process.pid, 'SIGINT')
      await sleep(50)
      console.log('work')
      ${end}
    }
    await holdingSignals(work).catch(() => console.log('failure'))
    await sleep(50)
    console.log(process.listenerCount('SIGINT'), process.listenerCount('SIGTERM'))`
  return run(script)
}

/** Runs a script and returns the lines that it prints. */
async function run(script: string): Promise<string[]> {
  const argv = ['node', '--import', 'tsx', '--input-type=module', '--eval', script]
  const { stdout, ending } = await runIn(assetPath('.'), argv, { TSX_DISABLE_CACHE: '1' })
  expect(ending).toEqual({ how: 'exit', code: 0 })
  return stdout.toString().trim().split('\n')
}

test('a signal during the work is sent again when the work is done', async () => {
  expect(await interrupted('')).toEqual(['signal', 'work', 'signal', '1 0'])
})

test('also if the work fails', async () => {
  const events = await interrupted("throw new Error('it fails')")

  expect(events.toSorted()).toEqual(['1 0', 'failure', 'signal', 'signal', 'work'])
})

test('without a signal none is sent', async () => {
  const script = `
    import { holdingSignals } from '${assetPath('scripts/lib/cli/signals.ts')}'
    console.log(await holdingSignals(async () => 'done'), process.listenerCount('SIGINT'))`

  expect(await run(script)).toEqual(['done 0'])
})

import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { processesOf, withFolder } from '../tests/support/run_folder.ts'
import { startScript } from '../tests/support/scripts.ts'

const ROWS = ['host/thin/thick', 'driver/thin/thick', 'fault/down']

// The generic copy is the control: Cinder keeps the rule there.
test('Cinder moves a thin volume to a thick pool whole by its own copy, and over stale bytes by its LVM driver', {
  timeout: 900_000,
}, async () => {
  await withFolder(async (folder, env) => {
    const out = join(folder, 'out')
    const run = startScript('cinder', ['--plain', '--seed', '7', '--only', ROWS.join(','), '--out', out], env)

    const { ending, stderr } = await run.finished

    expect(ending, stderr).toEqual({ how: 'exit', code: 1 })
    const [{ rows }] = JSON.parse(await readFile(join(out, 'cinder.json'), 'utf8'))
    expect(rows).toMatchObject([
      { id: 'host/thin/thick', verdict: 'intact', claim: false, copies: [{ sparse: false }], leftovers: [] },
      {
        ...{ id: 'driver/thin/thick', verdict: 'corrupt', claim: false, copies: [{ sparse: true }] },
        wrong: { found: 'poison', expected: 'zero' },
      },
      { id: 'fault/down', verdict: 'kept' },
    ])
    expect(await readdir(folder)).toEqual(['out'])
    expect(await processesOf(folder)).toEqual([])
  })
})

import { readdir, readFile } from 'node:fs/promises'
import { constants } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { selectedKind } from '../../harness/machine/selected_machine.ts'
import { resultSchema } from '../../harness/result/result.ts'
import { processesOf, withFolder } from '../../tests/support/run_folder.ts'
import { startScript } from '../../tests/support/scripts.ts'

/** While the guests boot, while the first storage is poisoned, and among the cells. */
const KILL_SECONDS = [1, 2.5, 6]

for (const seconds of KILL_SECONDS) {
  test(`a run killed with SIGKILL after ${seconds} s leaves nothing that a sweep does not remove`, async () => {
    await withFolder(async (folder, env) => {
      const run = startScript('verify', ['--machine', selectedKind, '--only', 'host', '--out', join(folder, 'out')], env)
      await new Promise((resolve) => setTimeout(resolve, seconds * 1000))
      run.kill(constants.signals.SIGKILL)
      await run.finished

      const sweep = await startScript('sweep', [], env).finished

      expect(sweep.ending).toEqual({ how: 'exit', code: 0 })
      expect(await processesOf(folder)).toEqual([])
      expect(await readdir(folder)).toEqual(['out'])
    })
  })
}

const STOPPED_RUNS = [
  ['verify', ['--only', 'host']],
  ['certify', [fileURLToPath(new URL('../../examples/drivers/shell/driver.sh', import.meta.url))]],
] as const

for (const [command, argv] of STOPPED_RUNS) {
  test(`${command}, stopped by a terminal's SIGINT, clears up, keeps its result, and refutes nothing`, async () => {
    await withFolder(async (folder, env) => {
      const out = join(folder, 'out')
      const run = startScript(command, ['--machine', selectedKind, '--out', out, ...argv], env)
      await run.said('✓') // its first part has ended
      run.kill(constants.signals.SIGINT) // the whole process group
      const { ending, stdout, stderr } = await run.finished

      expect(ending).toEqual({ how: 'exit', code: 3 })
      expect(stdout).toMatch(/0 leaks/)
      expect(stderr).not.toContain('Error')
      expect(await processesOf(folder)).toEqual([])
      expect(await readdir(folder)).toEqual(['out'])
      expect(await readdir(out)).toContain('report.html')
      const { verdict, counts, stopped } = resultSchema.parse(JSON.parse(await readFile(join(out, 'result.json'), 'utf8')))
      expect({ verdict, stopped, refuted: counts.refuted, broken: counts.broken }).toEqual({
        verdict: 'not-shown',
        stopped: true,
        refuted: 0,
        broken: 0,
      })
    })
  })
}

test('a sweep leaves a living run alone', async () => {
  await withFolder(async (folder, env) => {
    const run = startScript('verify', ['--machine', selectedKind, '--only', 'host/lvm-thin', '--out', join(folder, 'out')], env)
    await run.said('✓') // the first of many cells has ended

    const sweep = await startScript('sweep', [], env).finished
    const { ending } = await run.finished

    expect(sweep.stdout).toMatch(/left alone: holeproof_\w+: it is still running/)
    expect(ending).toEqual({ how: 'exit', code: 0 })
  })
})

import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { constants } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { randomNumbers } from '../../harness/content/layouts.ts'
import { selectedKind } from '../../harness/machine/machine_kind.ts'
import { resultSchema } from '../../harness/result/result.ts'
import { startScript } from '../../tests/support/scripts.ts'

const KILLS = 4
const LATEST_SECONDS = 12
const random = randomNumbers(20261122)

/** A folder for one run's temporary files, so that runs of other tests are not counted. */
async function withFolder(act: (folder: string, env: Record<string, string>) => Promise<void>): Promise<void> {
  const base = existsSync('/dev/shm') ? '/dev/shm' : '/var/tmp'
  const folder = await mkdtemp(join(base, 'test-of-holeproof-'))
  try {
    await mkdir(join(folder, 'out'))
    await act(folder, { TMPDIR: folder })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** The processes that were started with this TMPDIR, or with a run's name below it. */
async function processesOf(folder: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const lines = await Promise.all(
    pids.map(async (pid) => {
      const environment = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '')
      return environment.includes(`TMPDIR=${folder}`) ? `${pid} ${await readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => '')}` : ''
    }),
  )
  return lines.filter((line) => line !== '')
}

for (let kill = 1; kill <= KILLS; kill++) {
  const seconds = 1 + random() * LATEST_SECONDS
  test(`a run killed with SIGKILL after ${seconds.toFixed(1)} s leaves nothing that a sweep does not remove`, async () => {
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
  test(`${command}, stopped as a terminal does it, clears up, keeps its result, and holds nothing against anybody`, async () => {
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
        ...{ verdict: 'not-shown', stopped: true },
        ...{ refuted: 0, broken: 0 },
      })
    })
  })
}

test('a sweep leaves a living run alone', async () => {
  await withFolder(async (folder, env) => {
    const run = startScript(
      'verify',
      ['--machine', selectedKind, '--only', 'host/lvm-thin/lvm-thin/mixed', '--out', join(folder, 'out')],
      env,
    )
    await run.said('').then(() => new Promise((resolve) => setTimeout(resolve, 2500)))

    const sweep = await startScript('sweep', [], env).finished
    const { ending } = await run.finished

    expect(sweep.stdout).toMatch(/left alone: holeproof_\w+, which still lives/)
    expect(ending).toEqual({ how: 'exit', code: 0 })
  })
})

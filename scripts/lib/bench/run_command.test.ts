import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { withDir } from 'tmp-promise'
import { expect, test } from 'vitest'
import { runCommand } from './run_command.ts'

const options = { cwd: tmpdir(), env: process.env, signal: new AbortController().signal }

test('a command is measured, and its words are not read by a shell', async () => {
  const { seconds, stdout, failure } = await runCommand(['echo', '$HOME', '; exit 3'], options)

  expect(stdout).toBe('$HOME ; exit 3\n')
  expect(failure).toBeUndefined()
  expect(seconds).toBeGreaterThan(0)
})

test('a command that fails is described', async () => {
  expect((await runCommand(['sh', '-c', 'echo no >&2; exit 3'], options)).failure).toBe('sh exited with 3: no')
})

test('a stopped command receives SIGINT, and its cleanup is awaited', async () => {
  await withDir(
    async ({ path }) => {
      const stop = new AbortController()
      const script = 'trap "sleep 0.3; echo clean; exit 0" INT; touch ready; while :; do sleep 0.1; done'
      const running = runCommand(['sh', '-c', script], { ...options, cwd: path, signal: stop.signal })
      while (!existsSync(join(path, 'ready'))) await sleep(20)
      stop.abort()

      expect(await running).toMatchObject({ stdout: 'clean\n', failure: 'it was stopped' })
    },
    { unsafeCleanup: true },
  )
})

test('nothing starts after the stop', async () => {
  expect(await runCommand(['false'], { ...options, signal: AbortSignal.abort() })).toEqual({
    seconds: 0,
    stdout: '',
    failure: 'it was stopped',
  })
})

import { homedir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { UsageError } from '../../../harness/errors.ts'
import { assetPath } from '../../../harness/paths.ts'
import { findCommits, withoutCaches } from './checkouts.ts'

const { signal } = new AbortController()

test('a commit is found by any of its names', async () => {
  const { before, after } = await findCommits(assetPath('.'), 'HEAD', signal)

  expect(before.commit).toMatch(/^[0-9a-f]{40}$/)
  expect(after.commit).toBe(before.commit)
})

test.each(['no-such-branch', '--all', ''])("'%s' is not a commit", async (name) => {
  await expect(findCommits(assetPath('.'), name, signal)).rejects.toThrow(UsageError)
})

test('a folder without a repository cannot be measured', async () => {
  await expect(findCommits('/', 'HEAD', signal)).rejects.toThrow(/needs a git checkout/)
})

test('a new clone finds no cache, but the settings of npm', () => {
  expect(withoutCaches({ PATH: '/bin', HOME: '/root', HOLEPROOF_CACHE: '/cache' }, '/tmp/fresh')).toEqual({
    PATH: '/bin',
    HOME: '/tmp/fresh/home',
    XDG_CACHE_HOME: '/tmp/fresh/home/.cache',
    npm_config_cache: '/tmp/fresh/npm',
    npm_config_userconfig: join(homedir(), '.npmrc'),
  })
})

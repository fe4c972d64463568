import { expect, test } from 'vitest'
import { commandFailure } from './command_failure.ts'

const silent = { exitCode: 0, signal: null, stdout: '', stderr: '' }

test.each([
  [{}, undefined],
  [
    { exitCode: 3, stderr: 'setting up\nholeproof: a tool is missing\n  at x\n' },
    'scripts/verify exited with 3: holeproof: a tool is missing',
  ],
  [{ exitCode: 1, stdout: '✗ REFUTED  1 cell\n\n' }, 'scripts/verify exited with 1: ✗ REFUTED  1 cell'],
  [{ exitCode: 128, stderr: 'fatal: not a repository\n' }, 'scripts/verify exited with 128: fatal: not a repository'],
  [{ exitCode: null, signal: 'SIGKILL' as const }, 'scripts/verify was ended by SIGKILL'],
])('an ending like %j is described', (ending, text) => {
  expect(commandFailure(['scripts/verify', '--seed', '7'], { ...silent, ...ending })).toBe(text)
})

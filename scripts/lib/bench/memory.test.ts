import { describe, expect, test } from 'vitest'
import { BENCH_VARIABLE, kibibytes, type ProcessEntry, parseStat, processesOfRun, watchMemory, withDistinctMemory } from './memory.ts'
import { runCommand } from './run_command.ts'

const STAT =
  '20084 (linux (uml) x) S 19697 20084 20084 0 -1 4194560 290837 0 0 0 1540 2391 0 0 20 0 1 0 268435 1084456960 259095 18446744073709551615 1610612736 1616012136 140736641089648 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0 1616117760 1616286208 1617338368 140736641091624 140736641091790 140736641091790 140736641097688 0'

const entry = (pid: number, parent: number, change: Partial<ProcessEntry> = {}): ProcessEntry => ({
  pid,
  parent,
  started: '5',
  size: 1000,
  stack: undefined,
  ...change,
})
const pids = (entries: readonly ProcessEntry[]) => entries.map(({ pid }) => pid)

describe('a process', () => {
  test('is read from the line of the kernel, whatever its program is called', () => {
    expect(parseStat(STAT)).toEqual({
      pid: 20084,
      parent: 19697,
      started: '268435',
      size: 1084456960,
      stack: '140736641089648 140736641091624',
    })
  })

  test('that has ended is none', () => {
    expect(parseStat('')).toBeUndefined()
  })
})

describe('the processes of a run', () => {
  const all = [entry(9, 8), entry(8, 7), entry(7, 1), entry(6, 1), entry(5, 1, { started: '6' })]

  test('are the marked ones and all below them', () => {
    expect(pids(processesOfRun(all, ({ pid }) => pid === 7, new Set()))).toEqual([9, 8, 7])
  })

  test('are also those that were known, but not a later process with the same pid', () => {
    expect(pids(processesOfRun(all, () => false, new Set(['8 5', '5 5'])))).toEqual([9, 8])
  })
})

test('of processes that share their memory one is counted', () => {
  const stack = '1 2'
  const kernel = entry(1, 0, { stack, size: 1_084_456_960 })
  const helper = entry(2, 1, { stack, size: 1_084_637_184 })
  const user = entry(3, 1, { stack, size: 9_531_392 })
  const other = entry(4, 0, { stack: '3 4', size: 1_084_456_960 })
  const hidden = [entry(5, 0), entry(6, 0)]

  expect(pids(withDistinctMemory([kernel, helper, user, other, ...hidden]))).toEqual([1, 3, 4, 5, 6])
})

test('a size is read from its own line', () => {
  expect(kibibytes('Rss:    9 kB\nPss_Dirty:  8 kB\nPss:     1234 kB\n', 'Pss')).toBe(1234)
  expect(kibibytes('', 'Pss')).toBeUndefined()
})

test('the peak of a run is that of all its processes', async () => {
  const mark = `test ${process.pid}`
  const memory = watchMemory(mark)
  const program = 'const all = Buffer.alloc(1e8, 1); setTimeout(() => process.exit(all[0] - 1), 2000)'
  const env = { ...process.env, [BENCH_VARIABLE]: mark }
  await runCommand(['sh', '-c', '"$0" -e "$1"; true', process.execPath, program], {
    cwd: '/',
    env,
    signal: new AbortController().signal,
  })
  const { bytes } = await memory.stop()

  expect(bytes).toBeGreaterThan(1e8)
  expect(bytes).toBeLessThan(3e8)
})

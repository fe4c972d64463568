import { describe, expect, test } from 'vitest'
import { FIGURES } from './figures.ts'
import { breakDown, commandName, type Rounds, summarise } from './summarise.ts'

const rounds = (...values: number[]): Rounds => ({ command: 'scripts/verify', values, peakBytes: 1, machines: undefined })

test('a ratio is that of the medians, and its bounds are those of the extremes', () => {
  const [, matrix] = FIGURES

  expect(matrix && summarise(matrix, rounds(100, 120, 110), rounds(66, 50, 55))).toMatchObject({
    state: 'measured',
    before: { median: 110, least: 100, most: 120 },
    after: { median: 55, least: 50, most: 66 },
    ratio: { median: 0.5, least: 50 / 120, most: 0.66 },
  })
})

describe('a breakdown', () => {
  const command = (seconds: number, ...argv: string[]) => ({ argv, seconds })
  const cell = {
    seconds: 10,
    commands: [command(1, 'lvcreate', '-n', 'x'), command(2, '/sbin/dd'), command(3, 'lvm', 'lvcreate')],
    phases: [],
  }
  const copy = { seconds: 5, commands: [], phases: [{ name: 'poison', seconds: 4 }] }

  test('sums the commands of cells and copies, the longest first', () => {
    expect(breakDown({ cells: [cell], copies: [{ ...copy, commands: [command(3, 'dd')] }] })?.commands).toEqual({
      of: { count: 2, seconds: 15 },
      parts: [
        { name: 'dd', count: 2, seconds: 5, mean: 2.5 },
        { name: 'lvcreate', count: 2, seconds: 4, mean: 2 },
      ],
    })
  })

  test('is of those alone that recorded such parts', () => {
    const { commands, phases } = breakDown({ cells: [cell], copies: [copy] }) ?? {}

    expect(commands?.of).toEqual({ count: 1, seconds: 10 })
    expect(phases).toEqual({ of: { count: 1, seconds: 5 }, parts: [{ name: 'poison', count: 1, seconds: 4, mean: 4 }] })
  })

  test('is absent if nothing was recorded', () => {
    expect(breakDown({ cells: [{ ...cell, commands: [] }], copies: [] })).toBeUndefined()
    expect(breakDown({ cells: [cell], copies: [] })?.phases).toBeUndefined()
  })
})

test.each<[string[], string]>([
  [['lvm', 'lvcreate', '--yes'], 'lvcreate'],
  [['lvm', '--version'], 'lvm'],
  [['/usr/sbin/dmsetup', 'status'], 'dmsetup'],
  [[], ''],
])('the command %j counts as %s', (argv, name) => {
  expect(commandName(argv)).toBe(name)
})

import { describe, expect, test } from 'vitest'
import { assetPath } from '../../harness/paths.ts'
import { findCandidates } from '../lib/cli/drivers.ts'
import { readWords } from './certify.ts'

const PROGRAM = assetPath('examples/drivers/shell/driver.sh')

describe("a program's arguments are its own", () => {
  test.each([
    ['an option of certify', [PROGRAM, '--list', 'pools']],
    ['the name of a built-in driver', [PROGRAM, '--backend', 'nfs']],
    ['the word for many drivers', [PROGRAM, '--strict', 'built-in']],
    ["a driver of Cinder's", [PROGRAM, 'cinder:lvm-thin', '--seed', 'x']],
  ])('%s', (_, words) => {
    const { options, drivers } = readWords(['--seed', '7', ...words])

    expect(drivers).toEqual(words)
    expect(options).toMatchObject({ seed: 7 })
    expect(options.list).toBeUndefined()
    expect(findCandidates(drivers)).toEqual([expect.objectContaining({ name: 'driver.sh', argv: words })])
  })

  test('even if a peer has a built-in name', () => {
    expect(readWords(['--peer', 'nfs', PROGRAM, '--backend', 'x'])).toMatchObject({
      options: { peer: ['nfs'] },
      drivers: [PROGRAM, '--backend', 'x'],
    })
  })
})

test('built-in drivers may be followed by options', () => {
  expect(readWords(['lvm-thin', '--peer', 'nfs', 'liar/nfs', '--peer', 'file', '--list'])).toMatchObject({
    options: { peer: ['nfs', 'file'], list: true },
    drivers: ['lvm-thin', 'liar/nfs'],
  })
})

test('the checks are listed without a driver, and nothing is certified without one', () => {
  const { options, drivers } = readWords(['--list'])

  expect(options.list).toBe(true)
  expect(() => findCandidates(drivers)).toThrow('name a driver. Run scripts/certify --help for examples.')
})

test('a property of every object is not a group of drivers', () => {
  expect(readWords(['toString', '--list']).drivers).toEqual(['toString', '--list'])
  expect(() => findCandidates(['nfs', 'toString'])).toThrow('there is no driver toString')
})

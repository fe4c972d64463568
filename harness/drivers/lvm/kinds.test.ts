import { describe, expect, test } from 'vitest'
import { MiB } from '../../units.ts'
import { internalVolumes, isLvmType, lvmKind, overheadBytes } from './kinds.ts'

describe('what lvcreate is told', () => {
  test.each([
    ['thin', ['--type', 'thin', '--virtualsize', '1024b', '--thinpool', 'vg-pool', 'vg']],
    ['default', ['--size', '1024b', 'vg']],
    ['thick-cleared', ['--size', '1024b', 'vg']],
    ['thin-from-template', ['--snapshot', '--setactivationskip', 'n', 'vg/vg-template']],
    ['thin-external-origin', ['--type', 'thin', '--thinpool', 'vg-pool', 'vg/vg-origin']],
    ['raid1-nosync', ['--type', 'raid1', '--mirrors', '1', '--nosync', '--size', '1024b', 'vg']],
    ['mirror-nosync', ['--type', 'mirror', '--mirrors', '1', '--nosync', '--mirrorlog', 'core', '--size', '1024b', 'vg']],
  ] as const)('for a volume of the kind %s', (type, words) => {
    expect(lvmKind(type).create('vg', 1024)).toEqual(words)
  })
})

test.each([
  [1, 12],
  [8 * MiB, 12],
  [8 * MiB + 1, 20],
  [16 * MiB, 20],
])('a larger volume for %i bytes has %i MiB: the next step of 8, and an extent', (asked, made) => {
  expect(lvmKind('thick-larger').sizeFor?.(asked)).toBe(made * MiB)
})

test('a group is told from its internalVolumes', () => {
  expect(internalVolumes('vg', lvmKind('default'))).toEqual([])
  expect(internalVolumes('vg', lvmKind('thin-nozero'))).toEqual(['vg-pool'])
  expect(internalVolumes('vg', lvmKind('thin-from-template'))).toEqual(['vg-pool', 'vg-template'])
})

test('a group needs room for the metadata of its pool twice, and for what its volumes are made from', () => {
  expect(overheadBytes(lvmKind('default'))).toBe(0)
  expect(overheadBytes(lvmKind('thin'))).toBe(8 * MiB)
  expect(overheadBytes(lvmKind('thin-from-template'))).toBe(12 * MiB)
  expect(overheadBytes(lvmKind('thin-external-origin'))).toBe(12 * MiB)
})

test.each([
  ['thin', true],
  ['default', true],
  ['thin-nozero', true],
  ['toString', false],
  ['', false],
  [undefined, false],
])('%s in a location is a kind that is known: %s', (text, known) => {
  expect(isLvmType(text)).toBe(known)
})

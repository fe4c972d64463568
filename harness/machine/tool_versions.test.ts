import { describe, expect, test } from 'vitest'
import { BrokenLab } from '../errors.ts'
import { demandGnuDd, parseToolVersions } from './tool_versions.ts'

test('the version of a program is the first line that it says; one that is not there has none', () => {
  const said =
    '=== dd\ndd (coreutils) 9.1\nCopyright\n=== lvm\n  LVM version:     2.03.16(2) (2022-05-18)\n  Library version: 1.02.185\n=== qemu-img\n'

  expect(parseToolVersions(said)).toEqual({ dd: 'dd (coreutils) 9.1', lvm: 'LVM version:     2.03.16(2) (2022-05-18)' })
})

describe('the copies take', () => {
  test("GNU's dd", () => {
    expect(() => demandGnuDd({ dd: 'dd (coreutils) 9.7' })).not.toThrow()
  })

  test.each(['dd (uutils coreutils) 0.2.2', 'toybox 0.8.12', 'BusyBox v1.37.0 (Debian) multi-call binary.'])('not %s', (dd) => {
    expect(() => demandGnuDd({ dd })).toThrow(BrokenLab)
    expect(() => demandGnuDd({ dd })).toThrow(dd)
  })

  test('none at all', () => {
    expect(() => demandGnuDd({})).toThrow(/dd is missing/)
  })
})

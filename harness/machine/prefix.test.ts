import { describe, expect, test } from 'vitest'
import { carries, isOurPath, newRunName, PREFIX } from './prefix.ts'

describe('a name carries a prefix', () => {
  test.each(['holeproof_1', 'holeproof_1_dst', 'holeproof_1-pool', 'holeproof_1.img', 'holeproof_1 '])('when it is %j', (name) => {
    expect(carries(name, 'holeproof_1')).toBe(true)
  })

  test.each(['holeproof_12', 'holeproof_1a', 'holeproof_1A', 'holeproof_', 'x_holeproof_1', 'HOLEPROOF_1', ''])(
    'but not when it is %j',
    (name) => {
      expect(carries(name, 'holeproof_1')).toBe(false)
    },
  )
})

describe('a path is ours', () => {
  test.each(['/tmp/holeproof_1/disk.img', '/holeproof_1', 'holeproof_1/a', '/mnt/holeproof_1_nfs'])(
    'when a part of it carries the prefix: %s',
    (path) => {
      expect(isOurPath(path, 'holeproof_1')).toBe(true)
    },
  )

  test.each(['/tmp/holeproof_12/disk.img', '/tmp/x_holeproof_1', '/tmp', ''])('but not otherwise: %s', (path) => {
    expect(isOurPath(path, 'holeproof_1')).toBe(false)
  })
})

describe('the name of a run', () => {
  test('carries the prefix and differs from every other', () => {
    const names = Array.from({ length: 100 }, newRunName)

    expect(names.filter((name) => !carries(name, PREFIX))).toEqual([])
    expect(new Set(names).size).toBe(100)
  })

  test('may stand in the name of a volume group', () => {
    expect(newRunName()).toMatch(/^[a-z0-9_]{1,40}$/)
  })
})

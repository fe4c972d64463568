import { describe, expect, test } from 'vitest'
import { carries, newRunName, runOf } from './prefix.ts'

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

describe("a name is a run's", () => {
  test.each(['holeproof_0a1b2c3d', 'holeproof_0a1b2c3d_uml1_2_destination1', 'holeproof_0a1b2c3d.probe', 'holeproof_0a1b2c3d-pool'])(
    'when it is %j',
    (name) => {
      expect(runOf(name)).toBe('holeproof_0a1b2c3d')
    },
  )

  // A sweep removes what is a run's: a checkout, a report or somebody's volume group with a like name is not.
  test.each([
    'holeproof',
    'holeproof-vg',
    'holeproof_out',
    'holeproof_0a1b2c3',
    'holeproof_0a1b2c3d4',
    'holeproof_outside',
    'x_holeproof_0a1b2c3d',
    '',
  ])('but not when it is %j', (name) => {
    expect(runOf(name)).toBeUndefined()
  })

  test('when it was made for a run, and it differs from every other', () => {
    const names = Array.from({ length: 100 }, newRunName)

    expect(names.map(runOf)).toEqual(names)
    expect(new Set(names).size).toBe(100)
  })
})

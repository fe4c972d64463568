import { describe, expect, test } from 'vitest'
import { claims, type DriverName, definitionOf, driverNames, matrixDrivers } from './backend.ts'

const names = driverNames.filter((name) => !name.startsWith('liar/'))

describe('the names of the drivers', () => {
  test('are unique, and each has its liar', () => {
    expect(new Set(driverNames).size).toBe(driverNames.length)
    expect(driverNames).toHaveLength(2 * names.length)
  })

  test('begin with the drivers of the matrix', () => {
    expect(driverNames.slice(0, matrixDrivers.length)).toEqual(matrixDrivers)
  })
})

describe('the claim', () => {
  test('is made by those that zero what they hand out, and by no other', () => {
    expect(names.filter((name) => claims[name])).toEqual([
      ...['lvm-thin', 'nfs', 'nfs-prealloc', 'lvm-thin-large-chunk'],
      ...['file', 'file-fallocated', 'qcow2'],
    ])
  })

  test.each(names)('of %s is turned round by its liar, which is the same otherwise', (name) => {
    const liar = `liar/${name}` as DriverName

    expect(claims[liar]).toBe(!claims[name])
    expect(definitionOf(liar)).toBe(definitionOf(name))
  })
})

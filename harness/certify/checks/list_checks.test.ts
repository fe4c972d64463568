import { describe, expect, test } from 'vitest'
import { divideChecks, listChecks } from './list_checks.ts'

const checks = listChecks()
const [first, second] = divideChecks(checks)

describe('checks that are divided between two installations', () => {
  test('are all there', () => {
    expect(checks.filter((check) => first.includes(check) || second.includes(check))).toEqual(checks)
  })

  test('keep their order', () => {
    for (const part of [first, second]) expect(part).toEqual(checks.filter((check) => part.includes(check)))
  })

  test('set the driver up and shut it down in both, and run once otherwise', () => {
    const inBoth = first.filter((check) => second.includes(check)).map(({ id }) => id)

    expect(inBoth).toEqual(['sets-up', 'speaks-protocol', 'leaves-nothing-behind'])
  })

  test('make the storage dirty before the migrations', () => {
    const ids = second.map(({ id }) => id)

    expect(ids.slice(0, 2)).toEqual(['sets-up', 'delete-frees'])
    for (const dirty of ['delete-frees', 'signatures-on-storage'])
      expect(ids.findIndex((id) => id.startsWith('migrate-'))).toBeGreaterThan(ids.indexOf(dirty))
  })
})

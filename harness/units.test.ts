import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { GiB, MiB, sizeText } from './units.ts'

describe('a size in words', () => {
  test.each([
    [0, '0 bytes'],
    [512, '512 bytes'],
    [1024, '1 KiB'],
    [1536, '1536 bytes'],
    [65536, '64 KiB'],
    [MiB, '1 MiB'],
    [MiB + 1024, '1025 KiB'],
    [1023 * MiB, '1023 MiB'],
    [3 * GiB, '3 GiB'],
    [1024 * GiB, '1024 GiB'],
  ])('of %i is %s', (bytes, words) => {
    expect(sizeText(bytes)).toBe(words)
  })

  test('loses no byte', () => {
    const units: Record<string, number> = { bytes: 1, KiB: 1024, MiB, GiB }
    fc.assert(
      fc.property(fc.nat(4096), fc.constantFrom(1, 512, 1024, MiB, GiB), (count, unit) => {
        const [number = '', name = ''] = sizeText(count * unit).split(' ')
        expect(Number(number) * (units[name] ?? Number.NaN)).toBe(count * unit)
      }),
    )
  })
})

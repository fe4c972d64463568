import { describe, expect, test } from 'vitest'
import { exampleMigration as migration, plainExperiment as plain, sectorWrite as sector } from '../../../tests/support/example_cases.ts'
import type { Difference } from '../../result/bytes.ts'
import { GiB, MiB } from '../../units.ts'
import { type Case, describeCase, firstStale, type Reading } from './cases.ts'

const SECTOR = 512

describe('a case in words', () => {
  test.each<[string, Case]>([
    ['a new volume of 8 MiB, nothing written', plain],
    ['3 new volumes of 5243392 bytes, nothing written', { ...plain, volumes: 3, sizeBytes: 5 * MiB + SECTOR }],
    ['a new volume of 8 MiB, on space that was used before, 512 bytes written at byte 4096', { ...plain, reused: true, writes: [sector] }],
    ['a new volume of 8 MiB, extended to 1 GiB, nothing written', { ...plain, extendedTo: GiB }],
    ['a new volume of 8 MiB, 2 writes of up to 64 KiB', { ...plain, writes: [sector, { offset: 0, length: 65536 }] }],
    ['a volume of 16 MiB, 2 writes of up to 1 MiB, then migrated from nfs by the driver', migration],
    [
      'a volume of 16 MiB, nothing written, then migrated to lvm-thin by the host',
      { ...migration, direction: 'out', peer: 'lvm-thin', method: 'host', writes: [] },
    ],
  ])('is "%s"', (words, some) => {
    expect(describeCase(some)).toBe(words)
  })
})

describe('the first reading with wrong bytes', () => {
  test('is none where all are right', () => {
    expect(firstStale([])).toBeUndefined()
    expect(firstStale([reading(1, 0), reading(2, 0)])).toBeUndefined()
  })

  test('is the first of several', () => {
    expect(firstStale([reading(1, 0), reading(2, 1), reading(3, 512)])?.volume).toBe(2)
  })
})

function reading(volume: number, wrongBytes: number): Reading {
  const difference: Difference = { offset: 0, length: wrongBytes, wrong: wrongBytes, expected: 'zero', found: { what: 'poison' } }
  const verification = { checkedBytes: MiB, wrongBytes, differences: wrongBytes > 0 ? [difference] : [], moreDifferences: 0 }
  return { volume, name: `volume-${volume}`, actualBytes: MiB, verification }
}

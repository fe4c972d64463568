import { expect, test } from 'vitest'
import { MiB } from '../units.ts'
import { writePattern } from './pattern.ts'
import { PoisonScanner } from './repoison.ts'

const PAGE_BYTES = 4096

function bad(piece: Buffer): [number, number][] {
  return new PoisonScanner().rangesWithoutPoison(piece).map(({ from, to }) => [from, to])
}

function poisoned(offset = 0, tag = 7): Buffer {
  const piece = Buffer.alloc(MiB)
  writePattern(piece, { kind: 'poison', tag }, offset)
  return piece
}

test('poison is recognized wherever it was made', () => {
  expect(bad(poisoned())).toEqual([])
  expect(bad(poisoned(5 * MiB))).toEqual([])
})

test('poison of several devices side by side is poison', () => {
  const piece = poisoned()
  poisoned(3 * MiB, 8).copy(piece, 40 * PAGE_BYTES, 0, 3 * PAGE_BYTES)

  expect(bad(piece)).toEqual([])
})

test.each([0, 1, 511, 512, 4095, 4096, 600_000, MiB - 1])('a single zero at byte %i makes its page one without poison', (at) => {
  const piece = poisoned()
  piece[at] = 0

  expect(bad(piece)).toEqual([[at - (at % PAGE_BYTES), at - (at % PAGE_BYTES) + PAGE_BYTES]])
})

test('a stamp is not poison', () => {
  const piece = poisoned()
  writePattern(piece.subarray(2 * PAGE_BYTES, 4 * PAGE_BYTES), { kind: 'stamp', tag: 7 }, 2 * PAGE_BYTES)

  expect(bad(piece)).toEqual([[2 * PAGE_BYTES, 4 * PAGE_BYTES]])
})

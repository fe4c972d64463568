import { expect, test } from 'vitest'
import { writePattern } from '../content/pattern.ts'
import { Verifier } from '../content/verify.ts'
import { KiB, MiB } from '../units.ts'
import { contentOf, firstBytesOf, VOLUME_BYTES } from './content.ts'
import { judgeRow, wrongBytesOf } from './judge_row.ts'

const TAG = 7
const content = firstBytesOf(contentOf(TAG, true), 8 * MiB)

/** The volume as it should be. */
function wholeVolume(): Buffer {
  const bytes = Buffer.alloc(content.sizeBytes)
  for (const { offset, length } of content.extents)
    writePattern(bytes.subarray(offset, offset + length), { kind: 'stamp', tag: TAG }, offset)
  return bytes
}

function reading(bytes: Buffer) {
  const verifier = new Verifier(content)
  verifier.push(bytes)
  return verifier.end()
}

test('a volume with every byte right is intact', () => {
  expect(judgeRow({ reading: reading(wholeVolume()), done: true, possible: true })).toBe('intact')
  expect(wrongBytesOf(reading(wholeVolume()))).toBeUndefined()
})

test('one changed byte of data makes it corrupt', () => {
  const bytes = wholeVolume()
  bytes[4097] = 255 - (bytes[4097] ?? 0)
  expect(judgeRow({ reading: reading(bytes), done: true, possible: true })).toBe('corrupt')
  expect(wrongBytesOf(reading(bytes))).toMatchObject({ bytes: 1, first: 4097, expected: 'data' })
})

test('one byte where zeros belong makes it corrupt', () => {
  const bytes = wholeVolume()
  bytes[3 * MiB] = 1
  expect(wrongBytesOf(reading(bytes))).toEqual({ bytes: 1, first: 3 * MiB, found: 'noise', expected: 'zero' })
})

test('poison is named', () => {
  const bytes = wholeVolume()
  writePattern(bytes.subarray(3 * MiB, 4 * MiB), { kind: 'poison', tag: 9 }, 3 * MiB)
  expect(wrongBytesOf(reading(bytes))).toEqual({ bytes: MiB, first: 3 * MiB, found: 'poison', expected: 'zero' })
})

test('a migration that ended early is a failure only if it could have succeeded', () => {
  const whole = reading(wholeVolume())
  expect(judgeRow({ reading: whole, done: false, possible: true })).toBe('failed')
  expect(judgeRow({ reading: whole, done: false, possible: false })).toBe('kept')
  expect(judgeRow({ reading: reading(Buffer.alloc(8 * MiB)), done: false, possible: false })).toBe('corrupt')
})

test('a volume has data at its start, in pieces, and at its end only if asked for', () => {
  const end = ({ extents }: typeof content) => Math.max(...extents.map(({ offset, length }) => offset + length))
  expect(end(contentOf(TAG, true))).toBe(VOLUME_BYTES)
  expect(end(contentOf(TAG, false))).toBeLessThan(VOLUME_BYTES - 32 * MiB)
  // dd copies 1 MiB at a time: no piece ends where one of its blocks does.
  const aligned = contentOf(TAG, false).extents.filter(({ offset, length }) => offset > 0 && (offset + length) % MiB === 0)
  expect(aligned).toEqual([])
  expect(firstBytesOf(contentOf(TAG, true), 64 * KiB).extents).toEqual([{ offset: 0, length: 64 * KiB, write: 'data' }])
})

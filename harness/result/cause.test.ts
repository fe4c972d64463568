import { describe, expect, test } from 'vitest'
import type { Difference } from './bytes.ts'
import { causeOfText, causeOfWrong } from './cause.ts'

const SIZE = 10_000_000

function difference(expected: Difference['expected'], offset: number, length: number): Difference {
  return { offset, length, wrong: length, expected, found: { what: 'zero' } }
}

describe('the cause that an error names', () => {
  test.each([
    ["dd: error writing '/mnt/volume': No space left on device", 'full'],
    ['lvcreate: Volume group "vg" has insufficient free space (3 extents): 4 required.', 'full'],
    ["dd: error reading '/dev/vg/volume': Input/output error", 'io-error'],
    ['WARNING: ext4 signature detected on /dev/vg/volume at offset 1080. Wipe it? [y/n]:', 'prompt'],
    ['attach_volume: /mnt/volume holds 4096 bytes, but 8192 were asked for', 'too-small'],
    ["the destination volume holds 4096 bytes, fewer than the source's 8192", 'too-small'],
  ])('%s', (text, cause) => {
    expect(causeOfText(text)).toBe(cause)
  })

  test('is none where the text names none', () => {
    expect(causeOfText('the array did not answer in time')).toBeUndefined()
  })

  test('is the question where the answer to it failed for want of space', () => {
    expect(causeOfText('Wipe it? [y/n]: n\n  No space left on device')).toBe('prompt')
  })
})

describe('the cause that wrong bytes show', () => {
  test('is stale where zeros belong, wherever that is', () => {
    for (const offset of [0, SIZE - 512]) expect(causeOfWrong({ first: difference('zero', offset, 512), count: 512 }, SIZE)).toBe('stale')
  })

  test('is a lost tail where data is missing up to the end', () => {
    expect(causeOfWrong({ first: difference('data', SIZE - 1536, 1536), count: 1536 }, SIZE)).toBe('lost-tail')
  })

  test('is a lost write where data is missing before it', () => {
    expect(causeOfWrong({ first: difference('data', 4096, 512), count: 512 }, SIZE)).toBe('lost-write')
  })

  test('is a lost write where the end is of no interest', () => {
    expect(causeOfWrong({ first: difference('data', SIZE - 512, 512), count: 512 })).toBe('lost-write')
  })
})

import { describe, expect, test } from 'vitest'
import { ByteClassifier } from './classify_bytes.ts'
import { writePattern } from './pattern.ts'

const SIZE = 64 * 1024
const OWN = { kind: 'stamp', tag: 7 } as const
const POISON = { kind: 'poison', tag: 9 } as const

function byteClasses(volume: Uint8Array, pieceBytes = SIZE, mostRanges = 100) {
  const classifier = new ByteClassifier(OWN.tag, mostRanges)
  for (let at = 0; at < volume.length; at += pieceBytes) classifier.push(volume.subarray(at, at + pieceBytes))
  return classifier.end()
}

/** Of a pattern, the part that belongs to [from, to) of the volume. */
function put(
  volume: Buffer,
  pattern: typeof OWN | typeof POISON | { kind: 'stamp'; tag: number },
  from: number,
  to: number,
  offset = from,
) {
  writePattern(volume.subarray(from, to), pattern, offset)
}

describe('a map of byte classes', () => {
  test.each([SIZE, 4096, 512])('tells zeros, data, stale bytes and noise apart, in pieces of %i bytes', (pieceBytes) => {
    const volume = Buffer.alloc(SIZE)
    put(volume, OWN, 1000, 1001)
    put(volume, OWN, 8192, 9000)
    put(volume, POISON, 16384, 20480, 1024 * 1024)
    put(volume, { kind: 'stamp', tag: 8 }, 20480, 20992)
    volume.subarray(32768, 33280).fill(0x41)
    expect(byteClasses(volume, pieceBytes)).toEqual([
      { from: 0, to: 1000, value: 'zero' },
      { from: 1000, to: 1001, value: 'data' },
      { from: 1001, to: 8192, value: 'zero' },
      { from: 8192, to: 9000, value: 'data' },
      { from: 9000, to: 16384, value: 'zero' },
      { from: 16384, to: 20992, value: 'stale' },
      { from: 20992, to: 32768, value: 'zero' },
      { from: 32768, to: 33280, value: 'noise' },
      { from: 33280, to: SIZE, value: 'zero' },
    ])
  })

  test("takes the volume's own data at another place for stale", () => {
    const volume = Buffer.alloc(SIZE)
    put(volume, OWN, 512, 1024, 4096)
    expect(byteClasses(volume)).toEqual([
      { from: 0, to: 512, value: 'zero' },
      { from: 512, to: 1024, value: 'stale' },
      { from: 1024, to: SIZE, value: 'zero' },
    ])
  })

  test('gives none if there are too many ranges', () => {
    const volume = Buffer.alloc(SIZE)
    for (let at = 0; at < SIZE; at += 1024) put(volume, OWN, at, at + 512)
    expect(byteClasses(volume, SIZE, 128)).toHaveLength(128)
    expect(byteClasses(volume, SIZE, 127)).toBeUndefined()
  })
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeFrame, encodeRun, type Frame, FrameReader } from './frames.ts'

const frame = fc.record({
  type: fc.constantFrom('r', 'i', 'o', 'e', 'x', '\xff'),
  id: fc.nat({ max: 0xffffffff }),
  payload: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
})

describe('frames', () => {
  test('come out as they went in, whatever pieces they arrive in', () => {
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 8 }), fc.array(fc.nat({ max: 30 })), (frames, sizes) => {
        expect(readInPieces(encodeAll(frames), sizes)).toEqual(frames)
      }),
    )
  })

  test('come out as they went in when every byte arrives alone', () => {
    const frames = [
      { type: 'o', id: 7, payload: Buffer.from('two\0bytes') },
      { type: 'x', id: 0xffffffff, payload: Buffer.alloc(0) },
    ]

    expect(readInPieces(encodeAll(frames), [...encodeAll(frames)].fill(1))).toEqual(frames)
  })

  test('are given as soon as their last byte is there, and not before', () => {
    const bytes = encodeFrame('o', 1, Buffer.from('abc'))
    const reader = new FrameReader()

    expect(reader.push(bytes.subarray(0, -1))).toEqual([])
    expect(reader.push(bytes.subarray(-1))).toEqual([{ type: 'o', id: 1, payload: Buffer.from('abc') }])
  })

  test('carry type, id and length in nine bytes, big endian', () => {
    expect(encodeFrame('r', 0x01020304, Buffer.from('hi'))).toEqual(Buffer.from('r\x01\x02\x03\x04\0\0\0\x02hi', 'latin1'))
  })

  test('of a payload larger than any piece keep every byte of it', () => {
    const payload = Buffer.alloc(300_000, 'content')

    const [read] = readInPieces(encodeFrame('o', 3, payload), Array(200).fill(2048))

    expect(read?.payload.equals(payload)).toBe(true)
  })
})

describe('a run frame', () => {
  test('holds the count, the arguments and then the environment, each ended by a NUL', () => {
    expect(encodeRun(['echo', '', 'ü'], { A: '1=2', B: '' }).toString()).toBe('3\0echo\0\0ü\0A=1=2\0B=\0')
  })
})

function encodeAll(frames: readonly Frame[]): Buffer {
  return Buffer.concat(frames.map(({ type, id, payload }) => encodeFrame(type, id, payload)))
}

/** Cuts the bytes into pieces of these sizes, and what is left into one. */
function readInPieces(bytes: Buffer, sizes: readonly number[]): Frame[] {
  const reader = new FrameReader()
  const frames: Frame[] = []
  let at = 0
  for (const size of sizes) {
    frames.push(...reader.push(bytes.subarray(at, at + size)))
    at += size
  }
  return [...frames, ...reader.push(bytes.subarray(at))]
}

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SECTOR_BYTES } from '../units.ts'
import { identifySector, type Pattern, writePattern } from './pattern.ts'

const MOST_TAG = 2 ** 42 - 1
/** The streams of these tests reach seven sectors further, and no number has room for more than 2^35 of them. */
const MOST_SECTOR = 2 ** 35 - 8
const MOST_GENERATION = 2 ** 18 - 1
/** Where a sector says its tag and number: overwritten, it can no longer say who it is. */
const SELF_DESCRIPTION = { from: 4, to: 26 }

const tag = fc.oneof(fc.constantFrom(0, 1, 2 ** 28 - 1, 2 ** 28, MOST_TAG), fc.nat({ max: MOST_TAG }))
const generation = fc.oneof(fc.constantFrom(0, 1, MOST_GENERATION), fc.nat({ max: MOST_GENERATION }))
const pattern: fc.Arbitrary<Pattern> = fc.record({ kind: fc.constantFrom('poison' as const, 'stamp' as const), tag, generation })
const sector = fc.oneof(fc.constantFrom(0, 1, 2 ** 28, MOST_SECTOR), fc.nat({ max: MOST_SECTOR }))

describe('a pattern', () => {
  test('holds no zero byte at any offset', () => {
    fc.assert(
      fc.property(pattern, sector, fc.nat({ max: 511 }), fc.integer({ min: 1, max: 1600 }), (which, number, skew, length) => {
        expect(streamOf(which, number * SECTOR_BYTES + skew, length).includes(0)).toBe(false)
      }),
    )
  })

  test('gives the same bytes for a slice as for the bigger stream around it', () => {
    fc.assert(
      fc.property(pattern, sector, fc.nat({ max: 1600 }), fc.nat({ max: 1600 }), (which, number, from, length) => {
        const base = number * SECTOR_BYTES
        const whole = streamOf(which, base, from + length)
        expect(streamOf(which, base + from, length).equals(whole.subarray(from))).toBe(true)
      }),
    )
  })

  test('differs between any two sectors, tags, kinds and generations', () => {
    const one = streamOf({ kind: 'stamp', tag: 1 }, 0, SECTOR_BYTES)
    const others = [
      streamOf({ kind: 'stamp', tag: 1 }, SECTOR_BYTES, SECTOR_BYTES),
      streamOf({ kind: 'stamp', tag: 2 }, 0, SECTOR_BYTES),
      streamOf({ kind: 'poison', tag: 1 }, 0, SECTOR_BYTES),
      streamOf({ kind: 'stamp', tag: 1, generation: 1 }, 0, SECTOR_BYTES),
    ]

    expect(others.map((other) => other.equals(one))).toEqual([false, false, false, false])
  })

  test('writes nothing into an empty target', () => {
    expect(() => writePattern(new Uint8Array(0), { kind: 'stamp', tag: 1 }, 700)).not.toThrow()
  })
})

describe('a sector', () => {
  test('tells its kind, its tag and the offset it belongs to', () => {
    fc.assert(
      fc.property(pattern, sector, (which, number) => {
        const offset = number * SECTOR_BYTES
        expect(identifySector(streamOf(which, offset, SECTOR_BYTES), Buffer.alloc(SECTOR_BYTES))).toEqual({ ...which, offset })
      }),
    )
  })

  test('still tells them when right bytes were written over a part of it', () => {
    fc.assert(
      fc.property(pattern, sector, overwritten(), (which, number, [from, to]) => {
        const offset = number * SECTOR_BYTES
        const expected = streamOf({ kind: 'stamp', tag: 77 }, 0, SECTOR_BYTES)
        const actual = streamOf(which, offset, SECTOR_BYTES)
        expected.copy(actual, from, from, to)
        expect(identifySector(actual, expected)).toEqual({ ...which, offset })
      }),
    )
  })

  test('still tells them when the bytes in front of its description were zeroed as they should be', () => {
    const actual = streamOf({ kind: 'poison', tag: 5 }, 1024, SECTOR_BYTES).fill(0, 0, SELF_DESCRIPTION.from)

    expect(identifySector(actual, Buffer.alloc(SECTOR_BYTES))).toEqual({ kind: 'poison', tag: 5, generation: 0, offset: 1024 })
  })

  test('of which one half came by one write and the other by another belongs to no pattern', () => {
    const [older, newer] = [1, 2].map((generation) => streamOf({ kind: 'stamp', tag: 5, generation }, 0, SECTOR_BYTES))
    const torn = Buffer.concat([newer?.subarray(0, 256) ?? [], older?.subarray(256) ?? []].map((half) => Buffer.from(half)))

    expect(identifySector(torn, Buffer.alloc(SECTOR_BYTES))).toBeUndefined()
  })

  test('with one byte that is neither the pattern nor expected belongs to no pattern', () => {
    fc.assert(
      fc.property(pattern, fc.nat({ max: SECTOR_BYTES - 1 }), fc.integer({ min: 1, max: 255 }), (which, at, flip) => {
        const actual = streamOf(which, 0, SECTOR_BYTES)
        const whole = Buffer.from(actual)
        actual[at] = (actual[at] ?? 0) ^ flip
        const found = identifySector(actual, Buffer.alloc(SECTOR_BYTES))
        // A flip within the tag, the number or to the expected zero can leave a sector that names somebody; never the same.
        if (found !== undefined && actual[at] !== 0) expect(streamOf(found, found.offset, SECTOR_BYTES).equals(whole)).toBe(false)
        if (actual[at] !== 0 && (at < SELF_DESCRIPTION.from || at >= SELF_DESCRIPTION.to)) expect(found).toBeUndefined()
      }),
    )
  })

  test('of any other bytes belongs to no pattern', () => {
    const foreign = ['text that no pattern holds. ', '\xff', '\x80', 'HPVOLUME', 'HPPOISON'].map((text) =>
      Buffer.alloc(SECTOR_BYTES, text, 'latin1'),
    )

    expect(foreign.map((bytes) => identifySector(bytes, Buffer.alloc(SECTOR_BYTES)))).toEqual(foreign.map(() => undefined))
  })
})

function streamOf(which: Pattern, offset: number, length: number): Buffer {
  const bytes = Buffer.alloc(length)
  writePattern(bytes, which, offset)
  return bytes
}

/** A part of a sector that leaves its description alone. */
function overwritten(): fc.Arbitrary<[number, number]> {
  const within = (from: number, to: number) =>
    fc
      .tuple(fc.integer({ min: from, max: to }), fc.integer({ min: from, max: to }))
      .map(([one, other]): [number, number] => [Math.min(one, other), Math.max(one, other)])
  return fc.oneof(within(0, SELF_DESCRIPTION.from), within(SELF_DESCRIPTION.to, SECTOR_BYTES - 1))
}

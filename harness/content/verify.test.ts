import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Extent, Verification } from '../result/bytes.ts'
import { MiB, SECTOR_BYTES } from '../units.ts'
import type { Content } from './content.ts'
import { contentOf, layoutNames } from './layouts.ts'
import { type PatternKind, writePattern } from './pattern.ts'
import { Verifier } from './verify.ts'

const TAG = 11
const SECTORS = 400
/** Sectors 0 to 99 data, 100 to 199 untouched, 200 to 299 written zeros, 300 to 399 data. */
const content: Content = {
  sizeBytes: SECTORS * SECTOR_BYTES,
  tag: TAG,
  extents: [
    { offset: 0, length: 100 * SECTOR_BYTES, write: 'data' },
    { offset: 200 * SECTOR_BYTES, length: 100 * SECTOR_BYTES, write: 'zeros' },
    { offset: 300 * SECTOR_BYTES, length: 100 * SECTOR_BYTES, write: 'data' },
  ],
}

describe('intact content', () => {
  test.each(layoutNames)('passes in the layout %s', (layout) => {
    const some = contentOf(layout, 12 * MiB, TAG, 3)

    expect(verify(some, render(some), 4 * MiB)).toEqual({
      checkedBytes: 12 * MiB,
      wrongBytes: 0,
      differences: [],
      moreDifferences: 0,
    })
  })

  test('passes in pieces of any whole number of sectors, the last of any length', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 90 }), fc.nat({ max: 2 * SECTOR_BYTES }), (sectors, missing) => {
        const volume = render(content).subarray(0, content.sizeBytes - missing)
        expect(verify(content, volume, sectors * SECTOR_BYTES)).toMatchObject({
          checkedBytes: volume.length,
          wrongBytes: 0,
          differences: [],
        })
      }),
      { numRuns: 40 },
    )
  })

  test('of no bytes at all is reported as none checked', () => {
    expect(verify(content, Buffer.alloc(0))).toMatchObject({ checkedBytes: 0, wrongBytes: 0 })
  })
})

describe('the first page with a wrong byte', () => {
  const look = (change: (volume: Buffer) => unknown) => {
    const volume = render(content)
    change(volume)
    return verify(content, volume).firstWrongPage
  }

  test('is kept as found and, where not all of it is zero, as expected', () => {
    const page = look((volume) => {
      volume[5000] = 7
      volume[90000] = 7
    })

    expect(page?.offset).toBe(4096)
    expect(Buffer.from(page?.expected ?? '', 'base64')).toEqual(render(content).subarray(4096, 8192))
    expect(Buffer.from(page?.found ?? '', 'base64').indexOf(7)).toBe(5000 - 4096)
  })

  test('is kept without what was expected where that is zero', () => {
    const page = look((volume) => volume.fill(9, 150 * SECTOR_BYTES, 151 * SECTOR_BYTES))

    expect(page).toMatchObject({ offset: 18 * 4096 })
    expect(page).not.toHaveProperty('expected')
  })

  test('is cut off where the volume ends', () => {
    const page = look((volume) => volume.fill(0, volume.length - 1))

    expect(page?.offset).toBe(49 * 4096)
    expect(Buffer.from(page?.found ?? '', 'base64').length).toBe(content.sizeBytes - 49 * 4096)
  })

  test('is absent where every byte is right', () => {
    expect(look(() => undefined)).toBeUndefined()
  })
})

describe('each kind of difference is found where it is', () => {
  test('zeros where data belongs', () => {
    expect(spoil((volume) => volume.fill(0, 3 * SECTOR_BYTES, 5 * SECTOR_BYTES))).toEqual([
      { offset: 3 * SECTOR_BYTES, length: 2 * SECTOR_BYTES, wrong: 2 * SECTOR_BYTES, expected: 'data', found: { what: 'zero' } },
    ])
  })

  test('poison where nothing was written', () => {
    expect(spoil((volume) => put(volume, 'poison', 4, 110, 112))).toEqual([
      { offset: 110 * SECTOR_BYTES, length: 2 * SECTOR_BYTES, wrong: 2 * SECTOR_BYTES, expected: 'zero', found: { what: 'poison' } },
    ])
  })

  test('poison where zeros were written', () => {
    expect(spoil((volume) => put(volume, 'poison', 4, 299, 300))).toEqual([
      { offset: 299 * SECTOR_BYTES, length: SECTOR_BYTES, wrong: SECTOR_BYTES, expected: 'zero', found: { what: 'poison' } },
    ])
  })

  test("another volume's stamp where nothing was written, with its tag", () => {
    expect(spoil((volume) => put(volume, 'stamp', 99, 150, 151))).toEqual([
      { offset: 150 * SECTOR_BYTES, length: SECTOR_BYTES, wrong: SECTOR_BYTES, expected: 'zero', found: { what: 'other-stamp', tag: 99 } },
    ])
  })

  test('data of this volume from another offset, with where it is from', () => {
    expect(spoil((volume) => put(volume, 'stamp', TAG, 120, 123, 10))).toEqual([
      {
        offset: 120 * SECTOR_BYTES,
        length: 3 * SECTOR_BYTES,
        wrong: 3 * SECTOR_BYTES,
        expected: 'zero',
        found: { what: 'shifted-stamp', fromOffset: 10 * SECTOR_BYTES },
      },
    ])
  })

  test('bytes of no pattern, as noise of their exact length', () => {
    const at = 130 * SECTOR_BYTES + 17

    expect(spoil((volume) => volume.fill(0x55, at, at + 300))).toEqual([
      { offset: at, length: 300, wrong: 300, expected: 'zero', found: { what: 'noise' } },
    ])
  })

  test('a single flipped byte of data, as one byte of noise', () => {
    const at = 350 * SECTOR_BYTES + 400
    const found = spoil((volume) => {
      volume[at] = (volume[at] ?? 0) ^ 0xff
    })

    expect(found).toEqual([{ offset: at, length: 1, wrong: 1, expected: 'data', found: { what: 'noise' } }])
  })

  test('poison left where the only byte of data, the first of its sector, was never copied', () => {
    const lone: Content = { ...content, extents: [{ offset: 5 * SECTOR_BYTES, length: 1, write: 'data' }] }
    const volume = render(lone)
    put(volume, 'poison', 4, 5, 6)

    expect(verify(lone, volume)).toMatchObject({ wrongBytes: SECTOR_BYTES, differences: [{ offset: 5 * SECTOR_BYTES }] })
  })

  test('poison around a single byte of data that is right, in one range without that byte', () => {
    const lone: Content = { ...content, extents: [{ offset: 5 * SECTOR_BYTES + 511, length: 1, write: 'data' }] }
    const volume = render(lone)
    put(volume, 'poison', 4, 5, 6)
    writePattern(volume.subarray(5 * SECTOR_BYTES + 511, 6 * SECTOR_BYTES), { kind: 'stamp', tag: TAG }, 5 * SECTOR_BYTES + 511)

    expect(verify(lone, volume).differences).toEqual([
      { offset: 5 * SECTOR_BYTES, length: 511, wrong: 511, expected: 'zero', found: { what: 'poison' } },
    ])
  })

  test('poison on both sides of a right byte in the middle, as one range that counts the wrong bytes alone', () => {
    const middle = 5 * SECTOR_BYTES + 100
    const lone: Content = { ...content, extents: [{ offset: middle, length: 1, write: 'data' }] }
    const volume = render(lone)
    put(volume, 'poison', 4, 5, 6)
    writePattern(volume.subarray(middle, middle + 1), { kind: 'stamp', tag: TAG }, middle)

    // Where data belongs within the range it says so, because not all of it should be zero.
    expect(verify(lone, volume).differences).toMatchObject([
      { offset: 5 * SECTOR_BYTES, length: SECTOR_BYTES, wrong: SECTOR_BYTES - 1, found: { what: 'poison' } },
    ])
  })
})

describe('neighbouring differences', () => {
  test('of one kind make one range, also across pieces', () => {
    const volume = render(content)
    put(volume, 'poison', 4, 110, 190)

    expect(verify(content, volume, 7 * SECTOR_BYTES).differences).toEqual([
      { offset: 110 * SECTOR_BYTES, length: 80 * SECTOR_BYTES, wrong: 80 * SECTOR_BYTES, expected: 'zero', found: { what: 'poison' } },
    ])
  })

  test('of one kind make one range although a few bytes between them happen to be right', () => {
    const found = spoil((volume) => {
      put(volume, 'poison', 4, 110, 112)
      volume.fill(0, 111 * SECTOR_BYTES, 111 * SECTOR_BYTES + 8)
    })

    expect(found).toEqual([
      { offset: 110 * SECTOR_BYTES, length: 2 * SECTOR_BYTES, wrong: 2 * SECTOR_BYTES - 8, expected: 'zero', found: { what: 'poison' } },
    ])
  })

  test('of different kinds make ranges of their own', () => {
    const found = spoil((volume) => {
      put(volume, 'poison', 4, 110, 111)
      put(volume, 'stamp', 99, 111, 112)
      put(volume, 'stamp', 98, 112, 113)
      put(volume, 'stamp', TAG, 113, 114, 10)
      put(volume, 'stamp', TAG, 114, 115, 50)
      volume.fill(0x55, 115 * SECTOR_BYTES, 116 * SECTOR_BYTES)
    })

    expect(found.map(({ offset, found }) => [offset / SECTOR_BYTES, found])).toEqual([
      [110, { what: 'poison' }],
      [111, { what: 'other-stamp', tag: 99 }],
      [112, { what: 'other-stamp', tag: 98 }],
      [113, { what: 'shifted-stamp', fromOffset: 10 * SECTOR_BYTES }],
      [114, { what: 'shifted-stamp', fromOffset: 50 * SECTOR_BYTES }],
      [115, { what: 'noise' }],
    ])
  })

  test('make two ranges when a right sector lies between them', () => {
    const found = spoil((volume) => {
      put(volume, 'poison', 4, 110, 111)
      put(volume, 'poison', 4, 112, 113)
    })

    expect(found.map(({ offset }) => offset / SECTOR_BYTES)).toEqual([110, 112])
  })

  test('make two ranges where the border between data and hole runs through them', () => {
    const found = spoil((volume) => volume.fill(0x55, 100 * SECTOR_BYTES - 3, 100 * SECTOR_BYTES + 3))

    expect(found).toEqual([
      { offset: 100 * SECTOR_BYTES - 3, length: 3, wrong: 3, expected: 'data', found: { what: 'noise' } },
      { offset: 100 * SECTOR_BYTES, length: 3, wrong: 3, expected: 'zero', found: { what: 'noise' } },
    ])
  })
})

describe('many differences', () => {
  test.each([
    [63, 63, 0],
    [64, 64, 0],
    [65, 64, 1],
    [90, 64, 26],
  ])('%i of them are listed as %i, and %i more are counted', (count, listed, more) => {
    const hole: Content = { ...content, extents: [] }
    const volume = render(hole)
    for (let index = 0; index < count; index++) put(volume, 'poison', 4, 2 * index, 2 * index + 1)

    const { differences, moreDifferences, wrongBytes } = verify(hole, volume)

    expect([differences.length, moreDifferences, wrongBytes]).toEqual([listed, more, count * SECTOR_BYTES])
    expect(differences[0]?.offset).toBe(0)
  })
})

type Overwrite = 'zero' | 'poison' | 'stamp' | 'own' | number

describe('wrong bytes', () => {
  const sectors = 24
  const extents = fc
    .array(
      fc.record({
        gap: fc.nat({ max: 900 }),
        length: fc.integer({ min: 1, max: 2500 }),
        write: fc.constantFrom('data' as const, 'zeros' as const),
      }),
    )
    .map((parts) => {
      const made: Extent[] = []
      let offset = 0
      for (const { gap, length, write } of parts) {
        offset += gap
        if (offset + length > sectors * SECTOR_BYTES) break
        made.push({ offset, length, write })
        offset += length
      }
      return made
    })
  const spot = fc.record({
    at: fc.nat({ max: sectors * SECTOR_BYTES - 1 }),
    length: fc.integer({ min: 1, max: 1500 }),
    with: fc.constantFrom<Overwrite[]>('zero', 'poison', 'stamp', 'own', 0x55, 0x48),
  })

  test('are counted as a naive comparison byte by byte counts them, whatever was done to the volume', () => {
    fc.assert(
      fc.property(extents, fc.array(spot, { maxLength: 6 }), fc.integer({ min: 1, max: 9 }), (written, spots, pieceSectors) => {
        const some: Content = { sizeBytes: sectors * SECTOR_BYTES, tag: TAG, extents: written }
        const expected = renderNaively(some)
        const volume = Buffer.from(expected)
        for (const { at, length, with: what } of spots) overwrite(volume.subarray(at, at + length), at, what)
        const wrong = [...volume.keys()].filter((index) => volume[index] !== expected[index])

        const { wrongBytes, differences, moreDifferences } = verify(some, volume, pieceSectors * SECTOR_BYTES)

        expect(wrongBytes).toBe(wrong.length)
        expect(moreDifferences).toBe(0)
        expect(differences.reduce((sum, difference) => sum + difference.wrong, 0)).toBe(wrong.length)
        let end = 0
        for (const { offset, length, wrong: count, expected: wanted } of differences) {
          const within = wrong.filter((index) => index >= offset && index < offset + length)
          expect([within[0], within.at(-1), within.length]).toEqual([offset, offset + length - 1, count])
          expect(offset).toBeGreaterThanOrEqual(end)
          if (wanted === 'zero') expect(within.every((index) => expected[index] === 0)).toBe(true)
          end = offset + length
        }
      }),
      { numRuns: 60 },
    )
  })
})

function spoil(change: (volume: Buffer) => unknown): Verification['differences'] {
  const volume = render(content)
  change(volume)
  return verify(content, volume).differences
}

function verify(some: Content, volume: Buffer, pieceBytes = volume.length || 1): Verification {
  const verifier = new Verifier(some)
  for (let at = 0; at < volume.length; at += pieceBytes) verifier.push(volume.subarray(at, at + pieceBytes))
  return verifier.end()
}

function render({ sizeBytes, tag, extents }: Content): Buffer {
  const volume = Buffer.alloc(sizeBytes)
  for (const { offset, length, write } of extents) {
    if (write === 'data') writePattern(volume.subarray(offset, offset + length), { kind: 'stamp', tag }, offset)
  }
  return volume
}

/** Byte by byte from one stream over the whole volume. */
function renderNaively({ sizeBytes, tag, extents }: Content): Buffer {
  const stream = Buffer.alloc(sizeBytes)
  writePattern(stream, { kind: 'stamp', tag }, 0)
  const isData = (at: number) => extents.some(({ offset, length, write }) => write === 'data' && at >= offset && at < offset + length)
  return stream.map((byte, at) => (isData(at) ? byte : 0)) as Buffer
}

/** Puts whole sectors of a pattern where others belong; `from` is the sector that the pattern's stream begins at. */
function put(volume: Buffer, kind: PatternKind, tag: number, first: number, end: number, from = first): void {
  writePattern(volume.subarray(first * SECTOR_BYTES, end * SECTOR_BYTES), { kind, tag }, from * SECTOR_BYTES)
}

function overwrite(target: Buffer, at: number, what: Overwrite): void {
  if (typeof what === 'number') target.fill(what)
  else if (what === 'zero') target.fill(0)
  else if (what === 'poison') writePattern(target, { kind: 'poison', tag: 4 }, at)
  else writePattern(target, { kind: 'stamp', tag: what === 'stamp' ? 99 : TAG }, at + (what === 'own' ? 3 * SECTOR_BYTES : 0))
}

import { describe, expect, test } from 'vitest'
import { lengthOf } from '../content/ranges.ts'
import type { Extent } from '../result/bytes.ts'
import type { CopyCase, CopySpec, Prior, StorageSpec, ThinPoolSpec } from '../result/copy.ts'
import { KiB, MiB } from '../units.ts'
import { type Prediction, predict } from './copy_case.ts'

const SIZE = 8 * MiB
const CHUNK = 64 * KiB
const extent = (offset: number, length: number, write: Extent['write'] = 'data'): Extent => ({ offset, length, write })
/** 4 KiB in every second chunk of the first half, and a MiB. */
const scattered = [...Array.from({ length: 32 }, (_, index) => extent(2 * index * CHUNK, 4 * KiB)), extent(6 * MiB, MiB)]
const everything = [extent(0, SIZE)]
const thin = (spec: Partial<ThinPoolSpec> = {}): StorageSpec => ({
  kind: 'thin',
  chunkBytes: CHUNK,
  zeroing: true,
  discards: true,
  ...spec,
})
const sparse = (blockBytes: number): CopySpec => ({ how: 'sparse', blockBytes })

function copied(copy: CopySpec, destination: Partial<CopyCase['destination']>, extents: readonly Extent[] = scattered): Prediction {
  return predict({
    sizeBytes: SIZE,
    source: { storage: thin(), sizeBytes: SIZE, extents },
    destination: { storage: thin(), sizeBytes: SIZE, prior: { kind: 'new' }, ...destination },
    copy,
  })
}

describe('what real storage was seen to do', () => {
  const used: Prior = { kind: 'used', extents: everything }
  const noZeroing = { storage: thin({ zeroing: false }) }
  const crypt = { sizeBytes: SIZE + MiB, cryptHeaderBytes: MiB }

  const cases: readonly (readonly [string, 'intact' | 'corrupt', CopySpec, Partial<CopyCase['destination']>])[] = [
    ['fresh thin, zeroing', 'intact', sparse(4 * KiB), {}],
    ['fresh thin, zeroing, chunks of 1 MiB', 'intact', sparse(4 * KiB), { storage: thin({ chunkBytes: MiB }) }],
    ['fresh thin, no zeroing, block below the chunk', 'corrupt', sparse(4 * KiB), noZeroing],
    ['fresh thin, no zeroing, block of the chunk', 'intact', sparse(CHUNK), noZeroing],
    ['fresh thin, no zeroing, block of many chunks', 'intact', sparse(MiB), noZeroing],
    ['fresh thin, no zeroing, discarded first', 'corrupt', { how: 'discard-then-sparse', blockBytes: 4 * KiB }, noZeroing],
    ['fresh thin, no zeroing, mapped chunks smaller', 'corrupt', { how: 'mapped' }, { storage: thin({ zeroing: false, chunkBytes: MiB }) }],
    ['fresh thin, no zeroing, full', 'intact', { how: 'full', blockBytes: 4 * KiB }, noZeroing],
    ['fresh thick', 'corrupt', sparse(MiB), { storage: { kind: 'thick' } }],
    ['fresh thick, zeroed out first', 'intact', { how: 'zero-out-then-sparse', blockBytes: MiB }, { storage: { kind: 'thick' } }],
    ['fresh thick, full', 'intact', { how: 'full', blockBytes: MiB }, { storage: { kind: 'thick' } }],
    ['thin used before', 'corrupt', sparse(MiB), { prior: used }],
    ['thin used before, discarded first', 'intact', { how: 'discard-then-sparse', blockBytes: MiB }, { prior: used }],
    ['thin snapshot', 'corrupt', sparse(MiB), { prior: { kind: 'snapshot', extents: everything } }],
    ['external origin', 'corrupt', sparse(MiB), { prior: { kind: 'external-origin', originBytes: SIZE, extents: everything } }],
    [
      'external origin, discarded first',
      'corrupt',
      { how: 'discard-then-sparse', blockBytes: MiB },
      { prior: { kind: 'external-origin', originBytes: SIZE, extents: everything } },
    ],
    ['LUKS on fresh thin', 'corrupt', sparse(MiB), crypt],
    ['LUKS on fresh thin, full', 'intact', { how: 'full', blockBytes: MiB }, crypt],
    ['file used before, cut off', 'intact', sparse(MiB), { storage: { kind: 'file' }, prior: used }],
    ['file used before, kept', 'corrupt', { how: 'sparse', blockBytes: MiB, keepsFile: true }, { storage: { kind: 'file' }, prior: used }],
    ['file reserved', 'intact', sparse(MiB), { storage: { kind: 'file' }, prior: { kind: 'reserved' } }],
  ]
  test.each(cases)('%s: %s', (_, ending, copy, destination) => {
    const { wrong } = copied(copy, destination)

    expect(lengthOf(wrong) > 0 ? 'corrupt' : 'intact').toBe(ending)
  })

  test('a pool that ignores discards takes none, and the copy goes no further', () => {
    const { copied: did } = copied({ how: 'discard-then-sparse', blockBytes: MiB }, { storage: thin({ discards: false }), prior: used })

    expect(did).toEqual({ readBytes: 0, writtenBytes: 0, written: [], refused: 'discard' })
  })

  test('a destination larger than the source keeps stale bytes past the end, even after a full copy', () => {
    const { content, wrong } = copied({ how: 'full', blockBytes: MiB }, { storage: { kind: 'thick' }, sizeBytes: SIZE + MiB })

    expect(wrong).toEqual([])
    expect(content.at(-1)).toEqual({ from: SIZE, to: SIZE + MiB, value: 'stale' })
  })
})

describe('how thin a copy is', () => {
  const mapped = (copy: CopySpec, destination: Partial<CopyCase['destination']> = {}, extents?: readonly Extent[]) =>
    lengthOf(copied(copy, destination, extents).destinationMapped)

  test('depends on its block, where that is larger than the chunk', () => {
    expect(mapped(sparse(CHUNK))).toBe(32 * CHUNK + MiB)
    expect(mapped(sparse(MiB))).toBe(5 * MiB)
    expect(mapped({ how: 'full', blockBytes: MiB })).toBe(SIZE)
  })

  test('depends on the chunk, where that is larger than the block', () => {
    expect(mapped(sparse(4 * KiB), { storage: thin({ chunkBytes: MiB }) })).toBe(5 * MiB)
  })

  test('leaves written zeros out of a sparse copy, and in a mapped one', () => {
    const zeros = [extent(0, MiB, 'zeros')]

    expect(mapped(sparse(MiB), {}, zeros)).toBe(0)
    expect(mapped({ how: 'mapped' }, {}, zeros)).toBe(MiB)
  })

  test('is as good when all is copied and the zeros are discarded after', () => {
    expect(mapped({ how: 'full-then-discard', blockBytes: CHUNK })).toBe(32 * CHUNK + MiB)
  })

  test('makes no difference to a file that is kept: its reserved storage stays', () => {
    const file = { storage: { kind: 'file' }, prior: { kind: 'reserved' } } as const

    expect(mapped({ how: 'sparse', blockBytes: MiB, keepsFile: true }, file)).toBe(SIZE)
    expect(mapped(sparse(MiB), file)).toBe(5 * MiB)
  })
})

test.each([
  ['the page at the end was read before its chunk was written', 2 * MiB, 'zero'],
  ['a whole block of its chunk was written before', 64 * KiB + 512, 'stale'],
] as const)('a mapped range in a pool that does not zero: %s', (_, offset, pastTheEnd) => {
  const sizeBytes = 2 * MiB + 64 * KiB + 512
  const { content } = predict({
    sizeBytes,
    source: { storage: thin({ chunkBytes: MiB }), sizeBytes, extents: [extent(offset, sizeBytes - offset)] },
    destination: { storage: thin({ zeroing: false, chunkBytes: 4 * MiB }), sizeBytes: SIZE, prior: { kind: 'new' } },
    copy: { how: 'mapped' },
  })

  expect(content.find(({ from, to }) => from <= sizeBytes && sizeBytes < to)?.value).toBe(pastTheEnd)
})

test('a copy tells what it read and wrote', () => {
  const chunks = copied({ how: 'mapped' }, {}).sourceMapped
  const all = [{ from: 0, to: SIZE, value: true }]

  expect(copied(sparse(CHUNK), {}).copied).toMatchObject({ readBytes: SIZE, writtenBytes: 32 * CHUNK + MiB, written: chunks })
  expect(copied({ how: 'full', blockBytes: MiB }, {}).copied).toEqual({ readBytes: SIZE, writtenBytes: SIZE, written: all })
  expect(copied({ how: 'mapped' }, {}).copied).toEqual({ readBytes: 32 * CHUNK + MiB, writtenBytes: 32 * CHUNK + MiB, written: chunks })
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cellsOf, rangesOf } from '../../tests/support/cells.ts'
import { NaivePool, NaiveThin } from '../../tests/support/naive_pool.ts'
import { range } from '../content/ranges.ts'
import type { ByteClass, Extent } from '../result/bytes.ts'
import type { CopyCase } from '../result/copy.ts'
import { differing, predict } from './copy_case.ts'
import { WIPED_BYTES } from './volume.ts'

const TiB = 1024 ** 4
/** Whole pages, so that the page cache has nothing to add here; its own tests are volume.test.ts. */
const CELL = 4096

type Write = Extent['write'] | undefined
const write = fc.constantFrom<Write>(undefined, 'zeros', 'data')

function extentsOf(writes: readonly Write[]): Extent[] {
  return rangesOf(writes, CELL).map(({ from, to, value }) => ({ offset: from, length: to - from, write: value }))
}

interface NaiveCase {
  readonly source: readonly Write[]
  readonly extraCells: number
  readonly storage: 'thin' | 'thick' | 'file'
  readonly pool: { readonly chunkCells: number; readonly zeroing: boolean }
  readonly prior: 'new' | 'used' | 'snapshot' | 'external-origin'
  readonly old: readonly Write[]
  readonly crypt: boolean
  readonly mode: 'full' | 'sparse'
  readonly blockCells: number
  readonly keepsFile: boolean
}

const someCase: fc.Arbitrary<NaiveCase> = fc.record({
  source: fc.array(write, { minLength: 1, maxLength: 10 }),
  extraCells: fc.nat({ max: 3 }),
  storage: fc.constantFrom('thin', 'thick', 'file'),
  pool: fc.record({ chunkCells: fc.integer({ min: 1, max: 5 }), zeroing: fc.boolean() }),
  prior: fc.constantFrom('new', 'used', 'snapshot', 'external-origin'),
  old: fc.array(write, { maxLength: 13 }),
  crypt: fc.boolean(),
  mode: fc.constantFrom('full', 'sparse'),
  blockCells: fc.integer({ min: 1, max: 5 }),
  keepsFile: fc.boolean(),
})

const asByteClass = (value: Write, as: ByteClass): ByteClass | undefined =>
  value === undefined ? undefined : value === 'zeros' ? 'zero' : as

/** What the destination reads as, cell by cell, worked out step by step. */
function naively({ source, extraCells, storage, pool, prior, old, crypt, mode, blockCells, keepsFile }: NaiveCase): ByteClass[] {
  const wanted = source.map((value): ByteClass => asByteClass(value, 'data') ?? 'zero')
  const size = source.length + extraCells
  const written: (ByteClass | undefined)[] = wanted.map((_, cell) => {
    const start = Math.floor(cell / blockCells) * blockCells
    const block = wanted.slice(start, start + blockCells)
    return mode === 'full' || block.includes('data') ? wanted[cell] : undefined
  })
  const before = old.slice(0, size).map((value) => asByteClass(value, 'stale'))
  if (crypt) return Array.from({ length: size }, (_, cell) => written[cell] ?? 'noise')
  if (storage === 'thin') {
    const inPool = new NaivePool({ chunkSectors: pool.chunkCells, zeroing: pool.zeroing, discards: true })
    const shown = old.slice(0, size).map((value) => asByteClass(value, 'stale') ?? 'zero')
    const volume = new NaiveThin(inPool, size, prior === 'external-origin' ? shown : [])
    if (prior === 'used' || prior === 'snapshot') volume.write(before)
    const target = prior === 'snapshot' ? volume.snapshot() : volume
    target.write(written)
    return target.read()
  }
  return Array.from({ length: size }, (_, cell) => {
    const made = storage === 'file' || cell < WIPED_BYTES / CELL ? 'zero' : 'stale'
    const lay = prior === 'used' && !(storage === 'file' && !keepsFile) ? (before[cell] ?? made) : made
    return written[cell] ?? lay
  })
}

function copyOf({ source, extraCells, storage, pool, prior, old, crypt, mode, blockCells, keepsFile }: NaiveCase): CopyCase {
  const cells = source.length + extraCells
  const extents = extentsOf(old.slice(0, cells))
  const header = crypt ? CELL : 0
  return {
    sizeBytes: source.length * CELL,
    source: { storage: { kind: 'file' }, sizeBytes: source.length * CELL, extents: extentsOf(source) },
    destination: {
      storage:
        storage === 'thin'
          ? { kind: 'thin', chunkBytes: pool.chunkCells * CELL, zeroing: pool.zeroing, discards: true }
          : { kind: storage },
      sizeBytes: cells * CELL + header,
      prior:
        prior === 'new'
          ? { kind: 'new' }
          : prior === 'external-origin'
            ? { kind: prior, originBytes: Math.min(old.length, cells) * CELL, extents }
            : { kind: prior, extents },
      ...(crypt && { cryptHeaderBytes: header }),
    },
    copy: { how: mode, blockBytes: blockCells * CELL, keepsFile },
  }
}

test('a prediction is what a cell by cell reckoning of the same steps gives', () => {
  fc.assert(
    fc.property(someCase, (some) => {
      const expected = naively(some)
      const { content, wrong } = predict(copyOf(some))

      expect(cellsOf(content, expected.length, CELL)).toEqual(expected)
      expect(cellsOf(wrong, expected.length, CELL)).toEqual(
        expected.map((value, cell) => {
          if (cell >= some.source.length) return undefined
          return value === (some.source[cell] === 'data' ? 'data' : 'zero') ? undefined : value
        }),
      )
    }),
    { numRuns: 500 },
  )
})

test.each([
  { kind: 'thin', chunkBytes: 4 * CELL, zeroing: true, discards: true },
  { kind: 'thin', chunkBytes: 4 * CELL, zeroing: false, discards: true },
  { kind: 'thick' },
  { kind: 'file' },
] as const)('a source reads as its owner left it, with zeros where it was not written: $kind, zeroing $zeroing', (storage) => {
  fc.assert(
    fc.property(fc.array(write, { minLength: 1, maxLength: 8 }), (writes) => {
      const sizeBytes = writes.length * CELL
      const copyCase: CopyCase = {
        sizeBytes,
        source: { storage, sizeBytes, extents: extentsOf(writes) },
        destination: { storage: { kind: 'file' }, sizeBytes, prior: { kind: 'new' } },
        copy: { how: 'full', blockBytes: CELL },
      }

      expect(predict(copyCase).wrong).toEqual([])
    }),
  )
})

describe('what differs', () => {
  test('is what is there and should not be, where something is expected', () => {
    const content = rangesOf<ByteClass>(['zero', 'data', 'stale', 'noise', 'data', 'stale'])
    const expected = rangesOf<ByteClass>(['zero', 'zero', 'zero', 'data', 'data'])

    expect(cellsOf(differing(content, expected), 6)).toEqual([undefined, 'data', 'stale', 'noise', undefined, undefined])
  })

  test('is nothing where all is as expected', () => {
    expect(differing(range<ByteClass>(0, 5, 'data'), range<ByteClass>(0, 5, 'data'))).toEqual([])
  })
})

test('a pool counts a block that a snapshot and its volume share once, and the one that the copy takes anew', () => {
  const chunkBytes = 4 * CELL
  const copyCase: CopyCase = {
    sizeBytes: 4 * chunkBytes,
    source: { storage: { kind: 'file' }, sizeBytes: 4 * chunkBytes, extents: [{ offset: 0, length: CELL, write: 'data' }] },
    destination: {
      storage: { kind: 'thin', chunkBytes, zeroing: true, discards: true },
      sizeBytes: 4 * chunkBytes,
      prior: { kind: 'snapshot', extents: [{ offset: 0, length: 2 * chunkBytes, write: 'data' }] },
    },
    copy: { how: 'sparse', blockBytes: CELL },
  }

  expect(predict(copyCase)).toMatchObject({ poolUsedBytes: 3 * chunkBytes, destinationMapped: range(0, 2 * chunkBytes, true) })
})

test('a volume of 16 TiB costs as many ranges as a small one', () => {
  const rangesIn = (scale: number) => {
    const at = (offset: number): Extent => ({ offset: offset * scale, length: CELL * scale, write: 'data' })
    const { content, sourceMapped, destinationMapped, wrong } = predict({
      sizeBytes: 8 * CELL * scale,
      source: {
        storage: { kind: 'thin', chunkBytes: CELL * scale, zeroing: true, discards: true },
        sizeBytes: 8 * CELL * scale,
        extents: [at(0), at(4 * CELL)],
      },
      destination: {
        storage: { kind: 'thin', chunkBytes: CELL * scale, zeroing: true, discards: true },
        sizeBytes: 8 * CELL * scale,
        prior: { kind: 'snapshot', extents: [at(CELL), at(4 * CELL)] },
      },
      copy: { how: 'sparse', blockBytes: CELL * scale },
    })
    return [content, sourceMapped, destinationMapped, wrong].map(({ length }) => length)
  }

  expect(rangesIn((16 * TiB) / (8 * CELL))).toEqual(rangesIn(1))
})

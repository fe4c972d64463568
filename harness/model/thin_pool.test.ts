import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cellsOf, rangesOf } from '../../tests/support/cells.ts'
import { NaivePool, NaiveThin } from '../../tests/support/naive_pool.ts'
import { lengthOf, type RangeMap, range, subtract } from '../content/ranges.ts'
import type { ByteClass } from '../result/bytes.ts'
import type { ThinPoolSpec } from '../result/copy.ts'
import { KiB, MiB, SECTOR_BYTES } from '../units.ts'
import { ThinPool, ThinVolume } from './thin_pool.ts'
import { PAGE_BYTES, writeBuffered } from './volume.ts'

const TiB = 1024 ** 4
const CHUNK = 64 * KiB
const honest: ThinPoolSpec = { chunkBytes: CHUNK, zeroing: true, discards: true }
const data = (from: number, to: number): RangeMap<ByteClass> => range<ByteClass>(from, to, 'data')

describe('against a pool of one cell a sector', () => {
  const byteClass = fc.constantFrom<ByteClass>('zero', 'data', 'stale')
  const cells = fc.array(fc.option(byteClass, { nil: undefined, freq: 1 }), { maxLength: 40 })
  const which = fc.nat({ max: 3 })
  const step = fc.oneof(
    fc.record({ does: fc.constantFrom('write' as const, 'write-buffered' as const), which, cells }),
    fc.record({ does: fc.constant('discard' as const), which, from: fc.nat({ max: 40 }), length: fc.nat({ max: 40 }) }),
    fc.record({ does: fc.constantFrom('snapshot' as const, 'remove' as const), which }),
  )

  test('volumes read alike, have the same chunks and take the same space, whatever is done to them', () => {
    const spec = fc.record({ chunkSectors: fc.constantFrom(1, 2, 4, 8, 16), zeroing: fc.boolean(), discards: fc.boolean() })
    const origin = fc.array(byteClass, { maxLength: 48 })
    const size = fc.integer({ min: 1, max: 40 })
    fc.assert(
      fc.property(spec, size, origin, fc.array(step, { maxLength: 12 }), ({ chunkSectors, ...rest }, sectors, hidden, steps) => {
        const naive = new NaivePool({ chunkSectors, ...rest })
        const pool = new ThinPool({ chunkBytes: chunkSectors * SECTOR_BYTES, ...rest })
        const external = { sizeBytes: hidden.length * SECTOR_BYTES, content: rangesOf(hidden, SECTOR_BYTES) }
        const pairs = [
          { one: new NaiveThin(naive, sectors, hidden), other: new ThinVolume(pool, sectors * SECTOR_BYTES, external) },
          { one: new NaiveThin(naive, sectors), other: new ThinVolume(pool, sectors * SECTOR_BYTES) },
        ]
        for (const { which: number, ...what } of steps) {
          const at = number % Math.max(1, pairs.length)
          const pair = pairs[at]
          if (pair === undefined) break
          const { one, other } = pair
          switch (what.does) {
            case 'write':
              one.write(what.cells.slice(0, sectors))
              other.write(rangesOf(what.cells.slice(0, sectors), SECTOR_BYTES))
              break
            case 'write-buffered':
              one.write(throughPages(one.read(), what.cells.slice(0, sectors)))
              writeBuffered(other, rangesOf(what.cells.slice(0, sectors), SECTOR_BYTES))
              break
            case 'discard': {
              const to = Math.min(sectors, what.from + what.length)
              one.discard(what.from, to)
              expect(other.discard(range(what.from * SECTOR_BYTES, to * SECTOR_BYTES, true))).toBe(rest.discards)
              break
            }
            case 'snapshot':
              pairs.push({ one: one.snapshot(), other: other.snapshot() })
              break
            case 'remove':
              one.remove()
              other.remove()
              pairs.splice(at, 1)
          }
          for (const { one, other } of pairs) {
            expect(cellsOf(other.read(), sectors, SECTOR_BYTES)).toEqual(one.read())
            expect(lengthOf(other.read())).toBe(sectors * SECTOR_BYTES)
            const mapped = one.mapped()
            expect(cellsOf(other.mapped(), mapped.length, SECTOR_BYTES).map((has) => has ?? false)).toEqual(mapped)
          }
          expect(pool.usedBytes()).toBe(naive.usedSectors() * SECTOR_BYTES)
        }
      }),
      { numRuns: 300 },
    )
  })
})

/** The page cache: every page that is written in part is read first, and written whole. */
function throughPages(before: readonly ByteClass[], written: readonly (ByteClass | undefined)[]): (ByteClass | undefined)[] {
  const pageOf = (sector: number) => Math.floor((sector * SECTOR_BYTES) / PAGE_BYTES)
  const dirty = new Set(written.flatMap((value, sector) => (value === undefined ? [] : [pageOf(sector)])))
  return before.map((there, sector) => (dirty.has(pageOf(sector)) ? (written[sector] ?? there) : undefined))
}

describe('a thin volume', () => {
  test('reads zero where nothing was written, in a pool that zeroes', () => {
    const volume = new ThinVolume(new ThinPool(honest), MiB)
    volume.write(data(512, 1024))

    expect(volume.read()).toEqual([
      { from: 0, to: 512, value: 'zero' },
      { from: 512, to: 1024, value: 'data' },
      { from: 1024, to: MiB, value: 'zero' },
    ])
  })

  test('reads zero when new in a pool that does not zero, and shows what lay there around the first small write', () => {
    const volume = new ThinVolume(new ThinPool({ ...honest, zeroing: false }), MiB)
    expect(volume.read()).toEqual(range(0, MiB, 'zero'))

    volume.write(data(512, 1024))

    expect(volume.read()).toEqual([
      { from: 0, to: 512, value: 'stale' },
      { from: 512, to: 1024, value: 'data' },
      { from: 1024, to: CHUNK, value: 'stale' },
      { from: CHUNK, to: MiB, value: 'zero' },
    ])
  })

  test.each([
    ['of a power of two', 128, 12_424, [12_544]],
    ['of 192 KiB, which the kernel rounds as a power of two', 384, 12_424, []],
    ['of 192 KiB, from an edge that it takes for none', 384, 768, [1152]],
    ['of 192 KiB, from the start', 384, 0, [0]],
    ['of 192 KiB, beyond 2 TiB', 384, 2 ** 32 + 2 ** 31 + 137, []],
  ])('a discard frees the chunks that one request of the kernel covers: chunks %s', (_, chunkSectors, from, freedFrom) => {
    const chunkBytes = chunkSectors * SECTOR_BYTES
    const volume = new ThinVolume(new ThinPool({ ...honest, chunkBytes }), 4 * TiB)
    const start = Math.floor(from / chunkSectors) * chunkSectors
    const written = range<ByteClass>(start * SECTOR_BYTES, (start + 2 * chunkSectors) * SECTOR_BYTES, 'data')
    volume.write(written)

    volume.discard(range(from * SECTOR_BYTES, (start + 2 * chunkSectors) * SECTOR_BYTES, true))

    const freed = subtract(written, volume.mapped()).map((part) => part.from / SECTOR_BYTES)
    expect(freed).toEqual(freedFrom)
  })

  test('shows what lay there again when it was discarded first, in a pool that does not zero', () => {
    const volume = new ThinVolume(new ThinPool({ ...honest, zeroing: false }), CHUNK)
    volume.write(data(0, CHUNK))
    volume.discard(range(0, CHUNK, true))
    expect(volume.read()).toEqual(range(0, CHUNK, 'zero'))

    volume.write(data(0, 4096))

    expect(volume.read()).toEqual([
      { from: 0, to: 4096, value: 'data' },
      { from: 4096, to: CHUNK, value: 'stale' },
    ])
  })

  test('keeps what a discard smaller than a chunk names', () => {
    const volume = new ThinVolume(new ThinPool(honest), 2 * CHUNK)
    volume.write(data(0, 2 * CHUNK))

    volume.discard(range(CHUNK - 4096, 2 * CHUNK - 4096, true))

    expect(volume.read()).toEqual(data(0, 2 * CHUNK))
  })

  test('keeps its last chunk when that reaches past the end, though all of the device is discarded', () => {
    const sizeBytes = CHUNK + 4096
    const volume = new ThinVolume(new ThinPool(honest), sizeBytes)
    volume.write(data(0, sizeBytes))

    volume.discard(range(0, sizeBytes, true))

    expect(volume.read()).toEqual([
      { from: 0, to: CHUNK, value: 'zero' },
      { from: CHUNK, to: sizeBytes, value: 'data' },
    ])
    expect(volume.mapped()).toEqual(range(CHUNK, 2 * CHUNK, true))
  })

  test('changes nothing by a discard that its pool ignores', () => {
    const volume = new ThinVolume(new ThinPool({ ...honest, discards: false }), CHUNK)
    volume.write(data(0, CHUNK))

    expect(volume.discard(range(0, CHUNK, true))).toBe(false)
    expect(volume.read()).toEqual(data(0, CHUNK))
  })
})

describe('snapshots', () => {
  test('share their blocks, which count once, until one of them is written', () => {
    const pool = new ThinPool(honest)
    const volume = new ThinVolume(pool, MiB)
    volume.write(range<ByteClass>(0, 4 * CHUNK, 'stale'))
    const snapshot = volume.snapshot()
    expect(pool.usedBytes()).toBe(4 * CHUNK)

    snapshot.write(data(CHUNK, CHUNK + 512))

    expect(pool.usedBytes()).toBe(5 * CHUNK)
    expect(volume.read()).toEqual([
      { from: 0, to: 4 * CHUNK, value: 'stale' },
      { from: 4 * CHUNK, to: MiB, value: 'zero' },
    ])
    expect(cellsOf(snapshot.read(), 4, CHUNK)).toEqual(['stale', 'data', 'stale', 'stale'])
    expect(cellsOf(snapshot.read(), 4, CHUNK - 1)).toEqual(['stale', 'stale', 'stale', 'stale'])
  })

  test('give back only what no other volume has', () => {
    const pool = new ThinPool(honest)
    const volume = new ThinVolume(pool, MiB)
    volume.write(data(0, 2 * CHUNK))
    const snapshot = volume.snapshot()
    volume.write(data(0, CHUNK))

    snapshot.remove()

    expect(pool.usedBytes()).toBe(2 * CHUNK)
  })
})

describe('an external origin', () => {
  const origin = { sizeBytes: CHUNK + 4096, content: range<ByteClass>(0, CHUNK + 4096, 'stale') }

  test('shows through as far as it goes, and again after a discard', () => {
    const volume = new ThinVolume(new ThinPool(honest), 3 * CHUNK, origin)
    const shown = [
      { from: 0, to: CHUNK + 4096, value: 'stale' },
      { from: CHUNK + 4096, to: 3 * CHUNK, value: 'zero' },
    ]
    expect(volume.read()).toEqual(shown)

    volume.write(data(0, 3 * CHUNK))
    volume.discard(range(0, 3 * CHUNK, true))

    expect(volume.read()).toEqual(shown)
  })

  test.each([
    [true, 'zero'],
    [false, 'stale'],
  ] as const)('is copied into a chunk that straddles its end; past it, with zeroing %s, is %s', (zeroing, rest) => {
    const volume = new ThinVolume(new ThinPool({ ...honest, zeroing }), 3 * CHUNK, { ...origin, content: data(0, origin.sizeBytes) })

    volume.write(range<ByteClass>(CHUNK, CHUNK + 512, 'noise'))

    expect(volume.read()).toEqual([
      { from: 0, to: CHUNK, value: 'data' },
      { from: CHUNK, to: CHUNK + 512, value: 'noise' },
      { from: CHUNK + 512, to: CHUNK + 4096, value: 'data' },
      ...(rest === 'zero'
        ? [{ from: CHUNK + 4096, to: 3 * CHUNK, value: rest }]
        : [
            { from: CHUNK + 4096, to: 2 * CHUNK, value: rest },
            { from: 2 * CHUNK, to: 3 * CHUNK, value: 'zero' },
          ]),
    ])
  })

  test('that holds more than it is long shows no more than its length', () => {
    const volume = new ThinVolume(new ThinPool(honest), 2 * CHUNK, { sizeBytes: CHUNK, content: range<ByteClass>(0, 2 * CHUNK, 'stale') })

    expect(cellsOf(volume.read(), 2, CHUNK)).toEqual(['stale', 'zero'])
  })
})

test('a volume of 16 TiB costs as many ranges as a small one', () => {
  const made = (sizeBytes: number) => {
    const pool = new ThinPool(honest)
    const volume = new ThinVolume(pool, sizeBytes)
    volume.write(data(0, sizeBytes))
    const snapshot = volume.snapshot()
    snapshot.write(range<ByteClass>(sizeBytes / 2, sizeBytes / 2 + 512, 'stale'))
    snapshot.discard(range(sizeBytes / 4, sizeBytes / 2, true))
    return { read: snapshot.read().length, mapped: snapshot.mapped().length, usedBytes: pool.usedBytes() }
  }

  expect(made(16 * TiB)).toEqual({ read: 4, mapped: 2, usedBytes: 16 * TiB + CHUNK })
  expect(made(MiB)).toEqual({ read: 4, mapped: 2, usedBytes: MiB + CHUNK })
})

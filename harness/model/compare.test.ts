import { describe, expect, test } from 'vitest'
import { overlay, type Range, range } from '../content/ranges.ts'
import type { ByteClass } from '../result/bytes.ts'
import type { CopyCase } from '../result/copy.ts'
import { MiB } from '../units.ts'
import { compare, type Measured } from './compare.ts'
import { predict } from './copy_case.ts'

const CHUNK = 64 * 1024
const copyCase: CopyCase = {
  sizeBytes: 4 * MiB,
  source: {
    storage: { kind: 'thin', chunkBytes: CHUNK, zeroing: true, discards: true },
    sizeBytes: 4 * MiB,
    extents: [{ offset: MiB, length: 4096, write: 'data' }],
  },
  destination: {
    storage: { kind: 'thin', chunkBytes: CHUNK, zeroing: true, discards: true },
    sizeBytes: 4 * MiB,
    prior: { kind: 'new' },
  },
  copy: { how: 'sparse', blockBytes: MiB },
}
const prediction = predict(copyCase)
const measured: Measured = {
  byteClasses: prediction.content,
  classifiedBytes: 4 * MiB,
  source: { mappedBytes: CHUNK, slack: false, mapped: prediction.sourceMapped },
  destination: { mappedBytes: MiB, slack: false, mapped: prediction.destinationMapped },
  poolUsedBytes: MiB,
  readBytes: 4 * MiB,
  writtenBytes: MiB,
  discardRefused: false,
}

function changed(from: number, to: number, value: ByteClass): Range<ByteClass>[] {
  return [...overlay(prediction.content, range(from, to, value))]
}

test('what is as predicted has no disagreement', () => {
  expect(compare(prediction, measured)).toEqual([])
})

describe('a disagreement names its likely cause', () => {
  const { byteClasses: _, ...unclassified } = measured
  test.each<[string, Partial<Measured> | (() => Measured), string, string, RegExp]>([
    [
      'a byte of data is lost',
      { byteClasses: changed(MiB, MiB + 1, 'zero') },
      'bytes',
      'the copy',
      /bytes 1048576 to 1048577 .* are zero, the model says data/,
    ],
    ['a zero is stale', { byteClasses: changed(0, 512, 'stale') }, 'bytes', 'the copy', /bytes 0 to 512 .* are stale, the model says zero/],
    ['there is noise', { byteClasses: changed(0, 512, 'noise') }, 'bytes', 'the copy', /noise/],
    [
      'two ranges differ',
      { byteClasses: [...overlay(changed(0, 512, 'stale'), range<ByteClass>(2 * MiB, 2 * MiB + 512, 'stale'))] },
      'bytes',
      'the copy',
      /and 1 more ranges, 1024 bytes in all/,
    ],
    ['there is no map of byte classes', () => unclassified, 'bytes', 'the measurement', /too often/],
    [
      'a chunk more is mapped',
      {
        destination: {
          mappedBytes: MiB + CHUNK,
          slack: false,
          mapped: [...prediction.destinationMapped, { from: 3 * MiB, to: 3 * MiB + CHUNK, value: true }],
        },
      },
      'destination-mapped',
      'the model',
      /bytes 3145728 to 3211264 have storage and should have none/,
    ],
    [
      'a chunk less is mapped',
      { source: { mappedBytes: 0, slack: false, mapped: [] } },
      'source-mapped',
      'the model',
      /bytes 1048576 to 1114112 have no storage and should have some/,
    ],
    [
      'the kernel contradicts its metadata',
      { source: { mappedBytes: 2 * CHUNK, slack: false, mapped: prediction.sourceMapped } },
      'source-mapped',
      'the measurement',
      /metadata has 65536 bytes mapped, the kernel's status 131072/,
    ],
    [
      'only a count is known and is another',
      { destination: { mappedBytes: MiB + 512, slack: false } },
      'destination-mapped',
      'the model',
      /1049088 bytes mapped, the model says 1048576/,
    ],
    ['the pool uses more', { poolUsedBytes: MiB + CHUNK }, 'pool-used', 'the model', /1114112 bytes, the model says 1048576/],
    ['more was read', { readBytes: 4 * MiB + 512 }, 'bytes-read', 'the model', /4194816/],
    ['less was written', { writtenBytes: MiB - 512 }, 'bytes-written', 'the model', /1048064/],
    ['a discard was refused', { discardRefused: true }, 'discard', 'the model', /refused a discard/],
  ])('when %s', (_, change, what, suspect, text) => {
    const found = compare(prediction, typeof change === 'function' ? change() : { ...measured, ...change })

    expect(found.map((disagreement) => [disagreement.what, disagreement.suspect])).toEqual([[what, suspect]])
    expect(found[0]?.text).toMatch(text)
  })
})

test("a filesystem's own blocks count with a file's, up to a bound", () => {
  const destination = (more: number) => ({ ...measured, destination: { mappedBytes: MiB + more, slack: true } })

  expect(compare(prediction, destination(CHUNK))).toEqual([])
  expect(compare(prediction, destination(CHUNK + 512))).toHaveLength(1)
  expect(compare(prediction, destination(-512))).toHaveLength(1)
})

test('where old bytes were predicted, zeros make the model suspect', () => {
  const thick = predict({ ...copyCase, destination: { storage: { kind: 'thick' }, sizeBytes: 4 * MiB, prior: { kind: 'new' } } })
  const found = compare(thick, {
    ...measured,
    byteClasses: overlay(thick.content, range<ByteClass>(4096, 8192, 'zero')),
    destination: { mappedBytes: 4 * MiB, slack: false },
    poolUsedBytes: 0,
  })

  expect(found).toMatchObject([{ what: 'bytes', suspect: 'the model' }])
})

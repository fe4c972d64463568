import { describe, expect, test } from 'vitest'
import type { Content } from '../data/content.ts'
import { agrees, predictCopied, predictWritten } from './mapped.ts'

const KiB = 1024
const MiB = 1024 * KiB
const CHUNK = 64 * KiB
/** Two lone bytes in one block, a written MiB of zeros, and two MiB of data. */
const content: Content = {
  sizeBytes: 16 * MiB,
  tag: 1,
  extents: [
    { offset: 0, length: 1, write: 'data' },
    { offset: MiB - 1, length: 1, write: 'data' },
    { offset: 4 * MiB, length: MiB, write: 'zeros' },
    { offset: 8 * MiB, length: 2 * MiB, write: 'data' },
  ],
}

describe('a copy', () => {
  test.each(['full', 'sparse'] as const)('fills a thick volume whole when it is %s', (mode) => {
    expect(predictCopied(content, 'thick', mode, MiB)).toEqual({ least: 16 * MiB, most: 16 * MiB })
  })

  test('fills a thin volume whole when it is full', () => {
    expect(predictCopied(content, 'thin', 'full', MiB)).toEqual({ least: 16 * MiB, most: 16 * MiB })
  })

  test('maps the blocks of its own size that hold data when it is sparse, not the zeros that were written', () => {
    expect(predictCopied(content, 'thin', 'sparse', MiB)).toEqual({ least: 3 * MiB, most: 3 * MiB })
  })

  test('maps less in smaller blocks', () => {
    expect(predictCopied(content, 'thin', 'sparse', CHUNK)).toEqual({ least: 2 * MiB + 2 * CHUNK, most: 2 * MiB + 2 * CHUNK })
  })

  test('maps nothing when it is sparse and there is no data', () => {
    expect(predictCopied({ ...content, extents: [] }, 'thin', 'sparse', MiB)).toEqual({ least: 0, most: 0 })
  })

  test.each([
    ['sparse', 3 * MiB],
    ['full', 16 * MiB],
  ] as const)('leaves a file with a little more than its blocks when it is %s, never with less', (mode, least) => {
    expect(predictCopied(content, 'file', mode, MiB)).toEqual({ least, most: least + 64 * KiB })
  })

  test('never maps more of a volume than there is', () => {
    const odd: Content = { sizeBytes: 3 * CHUNK, tag: 1, extents: [{ offset: 0, length: 3 * CHUNK, write: 'data' }] }

    expect(predictCopied(odd, 'thin', 'sparse', MiB)).toEqual({ least: 3 * CHUNK, most: 3 * CHUNK })
  })
})

test("the owner's writes map every chunk they touch, written zeros included", () => {
  const bytes = 3 * MiB + 2 * CHUNK

  expect(predictWritten(content, CHUNK)).toEqual({ least: bytes, most: bytes })
})

test.each([
  [99, false],
  [100, true],
  [150, true],
  [200, true],
  [201, false],
])('of a prediction of 100 to 200 bytes, %i agrees: %s', (bytes, agreed) => {
  expect(agrees({ least: 100, most: 200 }, bytes)).toBe(agreed)
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { dataBytes, writtenBlocks } from '../../tests/support/content_counts.ts'
import type { Extent } from '../result/bytes.ts'
import { type Content, dataBlocks } from './content.ts'

/** Sorted, disjoint extents, empty ones among them, with gaps that may be nothing. */
const content: fc.Arbitrary<Content> = fc
  .array(fc.record({ gap: fc.nat({ max: 20 }), length: fc.nat({ max: 30 }), write: fc.constantFrom('data' as const, 'zeros' as const) }), {
    maxLength: 12,
  })
  .chain((parts) => {
    const extents: Extent[] = []
    let offset = 0
    for (const { gap, length, write } of parts) {
      extents.push({ offset: offset + gap, length, write })
      offset += gap + length
    }
    return fc.nat({ max: 30 }).map((rest) => ({ sizeBytes: offset + rest + 1, tag: 1, extents }))
  })
const blockBytes = fc.integer({ min: 1, max: 40 })

describe('blocks', () => {
  test('of data are those that a naive count of bytes finds', () => {
    fc.assert(
      fc.property(content, blockBytes, (some, block) => {
        expect(dataBlocks(some, block)).toBe(naiveBlocks(some, block, ({ write }) => write === 'data'))
      }),
    )
  })

  test('that were written to are those that a naive count finds, explicit zeros included', () => {
    fc.assert(
      fc.property(content, blockBytes, (some, block) => {
        expect(writtenBlocks(some, block)).toBe(naiveBlocks(some, block, () => true))
      }),
    )
  })

  test('are counted once when two extents share one', () => {
    const extents: Extent[] = [
      { offset: 0, length: 1, write: 'data' },
      { offset: 9, length: 2, write: 'data' },
    ]

    expect(dataBlocks({ sizeBytes: 100, tag: 1, extents }, 10)).toBe(2)
  })

  test('past the end of the volume are not counted', () => {
    expect(dataBlocks({ sizeBytes: 25, tag: 1, extents: [{ offset: 0, length: 100, write: 'data' }] }, 10)).toBe(3)
  })
})

test('bytes of data leave explicit zeros out', () => {
  const extents: Extent[] = [
    { offset: 0, length: 5, write: 'data' },
    { offset: 5, length: 50, write: 'zeros' },
    { offset: 60, length: 7, write: 'data' },
  ]

  expect(dataBytes({ sizeBytes: 100, tag: 1, extents })).toBe(12)
})

function naiveBlocks({ extents }: Content, block: number, counts: (extent: Extent) => boolean): number {
  const blocks = new Set<number>()
  for (const extent of extents.filter(counts)) {
    for (let at = extent.offset; at < extent.offset + extent.length; at++) blocks.add(Math.floor(at / block))
  }
  return blocks.size
}

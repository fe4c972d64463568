import fc from 'fast-check'
import { expect, test } from 'vitest'
import { EXTENT_BYTES } from '../block/volume_group.ts'
import { lengthOf } from '../content/ranges.ts'
import { predict } from '../model/copy_case.ts'
import type { Extent } from '../result/bytes.ts'
import { rulePermits } from './judge_copy.ts'
import { caseParts, liveParts, toCopyCase, toParts } from './random_copies.ts'
import { traps } from './traps.ts'

function sound(extents: readonly Extent[], sizeBytes: number): boolean {
  return extents.every(({ offset, length }, index) => {
    const next = extents[index + 1]?.offset ?? sizeBytes
    return length > 0 && offset >= 0 && offset + length <= next
  })
}

test('any parts make a copy that can be laid out', () => {
  fc.assert(
    fc.property(fc.oneof(caseParts, liveParts), (parts) => {
      const { sizeBytes, source, destination, copy } = toCopyCase(parts)
      const { storage, prior } = destination
      expect(sound(source.extents, sizeBytes)).toBe(true)
      expect(destination.sizeBytes - (destination.cryptHeaderBytes ?? 0)).toBeGreaterThanOrEqual(sizeBytes)
      if (storage.kind === 'file') expect(destination.sizeBytes).toBe(sizeBytes)
      else expect(destination.sizeBytes % EXTENT_BYTES).toBe(0)
      if (storage.kind !== 'thin') expect(['snapshot', 'external-origin']).not.toContain(prior.kind)
      if (copy.how === 'mapped') expect(source.storage.kind).toBe('thin')
      if ('extents' in prior) {
        expect(sound(prior.extents, prior.kind === 'external-origin' ? prior.originBytes : destination.sizeBytes)).toBe(true)
        // Less than a sector of another volume's could not be told from noise.
        expect(prior.extents.every(({ offset, length }) => offset % 512 === 0 && length % 512 === 0)).toBe(true)
      }
    }),
    { numRuns: 2000 },
  )
})

test('a copy is made again from its parts', () => {
  fc.assert(
    fc.property(fc.oneof(caseParts, liveParts), (parts) => {
      const copyCase = toCopyCase(parts)
      expect(toCopyCase(toParts(copyCase))).toEqual(copyCase)
    }),
    { numRuns: 1000 },
  )
})

test.each(traps.map(({ id, copyCase }) => [id, copyCase] as const))(
  '%s can be made simpler: it is the copy of its parts',
  (_, copyCase) => {
    expect(toCopyCase(toParts(copyCase))).toEqual(copyCase)
  },
)

test.each(traps.map((trap) => [trap.id, trap] as const))(
  'the model expects of %s what is known of it',
  (_, { copyCase, expect: known }) => {
    expect(lengthOf(predict(copyCase).wrong) === 0 ? 'intact' : 'corrupt').toBe(known)
  },
)

test('no copy at random that the rule permits is predicted to be corrupt, and some others are', () => {
  const copies = fc.sample(fc.oneof(caseParts, liveParts), { seed: 1, numRuns: 3000 }).map(toCopyCase)
  const corrupt = copies.filter((copyCase) => lengthOf(predict(copyCase).wrong) > 0)

  expect(corrupt.filter(rulePermits)).toEqual([])
  expect(copies.filter(rulePermits).length).toBeGreaterThan(100)
  expect(corrupt.length).toBeGreaterThan(100)
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Range, touched } from '../content/ranges.ts'
import { KiB, MiB } from '../units.ts'
import { bytesOf, type Content, fullCopy, skippingCopy } from './copies.ts'

const thin = { grainBytes: 64 * KiB, whole: false }

/** Every second chunk of the first eight. */
const scattered: Content = {
  kind: 'mapped',
  unitBytes: 64 * KiB,
  ranges: [0, 2, 4, 6].map((chunk) => ({ from: chunk * 64 * KiB, to: (chunk + 1) * 64 * KiB, value: true })),
}

describe('a copy', () => {
  test('in full reads, writes and takes all', () => {
    expect(fullCopy(MiB, thin)).toMatchObject({ read: { least: MiB }, written: { most: MiB }, taken: { least: MiB, most: MiB } })
  })

  test('takes whole chunks for a volume that ends within one', () => {
    expect(fullCopy(MiB + 512, thin).taken).toEqual({ least: MiB + 64 * KiB, most: MiB + 64 * KiB })
  })

  test('that skips writes the blocks with data and reads all to find them', () => {
    const copy = skippingCopy(scattered, 4 * MiB, MiB, thin, 'all')

    expect(copy).toMatchObject({ read: { most: 4 * MiB }, written: { least: MiB, most: MiB }, taken: { least: MiB, most: MiB } })
  })

  test('in blocks of a chunk takes what the source has', () => {
    expect(skippingCopy(scattered, 4 * MiB, 64 * KiB, thin, 'data')).toMatchObject({
      read: { most: 256 * KiB },
      written: { least: 256 * KiB },
      taken: { most: 256 * KiB },
    })
  })

  test('takes more where the chunks are larger than its blocks', () => {
    expect(skippingCopy(scattered, 4 * MiB, 64 * KiB, { grainBytes: 512 * KiB, whole: false }, 'all').taken).toEqual({
      least: 512 * KiB,
      most: 512 * KiB,
    })
  })

  test('takes all of a thick volume, whatever it writes', () => {
    expect(skippingCopy(scattered, 5 * MiB, MiB, { grainBytes: 4 * MiB, whole: true }, 'all')).toMatchObject({
      written: { most: MiB },
      taken: { least: 8 * MiB, most: 8 * MiB },
    })
  })

  test('of so much data that lies anywhere is least when it lies together and most when it does not', () => {
    const content: Content = { kind: 'counted', unitBytes: 64 * KiB, units: { least: 4, most: 4 } }

    expect(skippingCopy(content, 16 * MiB, MiB, thin, 'all').taken).toEqual({ least: MiB, most: 4 * MiB })
    expect(skippingCopy(content, 3 * MiB, MiB, thin, 'all').taken).toEqual({ least: MiB, most: 3 * MiB })
  })

  test('of no data writes nothing', () => {
    const content: Content = { kind: 'counted', unitBytes: 64 * KiB, units: { least: 0, most: 0 } }

    expect(skippingCopy(content, 16 * MiB, MiB, thin, 'all')).toMatchObject({ written: { most: 0 }, taken: { most: 0 } })
  })
})

const sizes = fc.integer({ min: 1, max: 40 })
/** A volume with data in some of its units; lengths are small numbers, as only their proportions matter. */
const mappedVolume = fc
  .record({ sizeBytes: fc.integer({ min: 1, max: 200 }), unitBytes: sizes, bits: fc.array(fc.boolean(), { maxLength: 200 }) })
  .map(({ sizeBytes, unitBytes, bits }) => {
    const ranges: Range<true>[] = []
    for (let unit = 0; unit * unitBytes < sizeBytes; unit++)
      if (bits[unit]) ranges.push({ from: unit * unitBytes, to: (unit + 1) * unitBytes, value: true })
    const content: Content = { kind: 'mapped', unitBytes, ranges }
    return { sizeBytes, unitBytes, content }
  })

test('what is known of a map lies within what is known without it, for blocks, chunks and sizes of any proportion', () => {
  fc.assert(
    fc.property(mappedVolume, sizes, sizes, ({ sizeBytes, unitBytes, content }, blockBytes, grainBytes) => {
      const units = bytesOf(content).least / unitBytes
      const to = { grainBytes, whole: false }
      const exact = skippingCopy(content, sizeBytes, blockBytes, to, 'all')
      const bounds = skippingCopy({ kind: 'counted', unitBytes, units: { least: units, most: units } }, sizeBytes, blockBytes, to, 'all')

      for (const of of ['written', 'taken'] as const) {
        expect(exact[of].least).toBe(exact[of].most)
        expect(bounds[of].least).toBeLessThanOrEqual(exact[of].least)
        expect(bounds[of].most).toBeGreaterThanOrEqual(exact[of].most)
      }
    }),
    { numRuns: 2000 },
  )
})

test('a copy writes every unit with data, nothing past the end, and takes the chunks it writes to', () => {
  fc.assert(
    fc.property(mappedVolume, sizes, sizes, ({ sizeBytes, content }, blockBytes, grainBytes) => {
      const copy = skippingCopy(content, sizeBytes, blockBytes, { grainBytes, whole: false }, 'all')
      if (content.kind !== 'mapped' || copy.mapped.kind !== 'mapped') throw new Error('a map is copied to a map')
      const written = new Set<number>()
      for (const { from, to } of touched(content.ranges, blockBytes))
        for (let at = from * blockBytes; at < Math.min(to * blockBytes, sizeBytes); at++) written.add(at)

      expect(copy.written.least).toBe(written.size)
      expect(copy.taken.least).toBe(new Set([...written].map((at) => Math.floor(at / grainBytes))).size * grainBytes)
    }),
  )
})

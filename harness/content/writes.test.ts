import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { writerSchema } from '../result/mirror.ts'
import { KiB, MiB, SECTOR_BYTES } from '../units.ts'
import type { Content } from './content.ts'
import { contentOf, randomNumbers } from './layouts.ts'
import { writePattern } from './pattern.ts'
import { Verifier } from './verify.ts'
import { nextWrite, WRITE_BYTES, type Write, WrittenVolume } from './writes.ts'

const SIZE = 8 * MiB
const before = contentOf('mixed', SIZE, 5, 1)
const active = writerSchema.options.flatMap((writer) => (writer === 'none' ? [] : writer))

/** What a volume holds after writes, byte by byte. */
function apply(volume: Buffer, { kind, offset, length, generation }: Write): void {
  const part = volume.subarray(offset, offset + length)
  if (kind === 'data') writePattern(part, { kind: 'stamp', tag: before.tag, generation }, offset)
  else part.fill(0)
}

function render({ sizeBytes, tag, extents }: Content): Buffer {
  const volume = Buffer.alloc(sizeBytes)
  for (const { offset, length, write, generation = 0 } of extents)
    if (write === 'data') writePattern(volume.subarray(offset, offset + length), { kind: 'stamp', tag, generation }, offset)
  return volume
}

function verify(content: Content, volume: Buffer) {
  const verifier = new Verifier(content)
  for (let at = 0; at < volume.length; at += MiB) verifier.push(volume.subarray(at, at + MiB))
  return verifier.end()
}

const data = (generation: number, offset: number, length = WRITE_BYTES): Write => ({ kind: 'data', offset, length, generation })

describe('each writer', () => {
  test.each(active)('%s writes whole units within the volume', (writer) => {
    const random = randomNumbers(3)
    for (let generation = 1; generation <= 300; generation++) {
      const { offset, length } = nextWrite(writer, generation, SIZE, random)
      expect([offset % WRITE_BYTES, length % WRITE_BYTES, length > 0, offset + length <= SIZE]).toEqual([0, 0, true, true])
    }
  })

  test.each(active)('%s leaves what a volume that is written to in the same way holds', (writer) => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 60 }), (seed, count) => {
        const random = randomNumbers(seed)
        const written = new WrittenVolume(before)
        const volume = render(before)
        for (let generation = 1; generation <= count; generation++) {
          const write = nextWrite(writer, generation, SIZE, random)
          written.begin(write)
          written.acknowledge(write)
          // A discard may be ignored.
          if (write.kind !== 'discard' || generation % 2 === 0) apply(volume, write)
        }
        expect(verify(written.content(), volume)).toMatchObject({ wrongBytes: 0, checkedBytes: SIZE })
      }),
      { numRuns: 12 },
    )
  })
})

describe('a volume in use', () => {
  const after = (writes: readonly Write[], underWay: readonly Write[] = []) => {
    const written = new WrittenVolume(before)
    for (const write of writes) {
      written.begin(write)
      written.acknowledge(write)
    }
    for (const write of underWay) written.begin(write)
    return written
  }

  test('that holds an older write than the last acknowledged has lost one', () => {
    const content = after([data(1, 64 * KiB), data(2, 64 * KiB)]).content()
    const volume = render(before)
    apply(volume, data(1, 64 * KiB))

    expect(verify(content, volume)).toMatchObject({
      wrongBytes: expect.any(Number),
      differences: [{ offset: 64 * KiB, expected: 'data', found: { what: 'other-write', generation: 1 } }],
    })
  })

  test('that holds what it held before an acknowledged write has lost it', () => {
    const content = after([data(1, 4 * MiB)]).content()

    expect(verify(content, render(before))).toMatchObject({ differences: [{ found: { what: 'other-write', generation: 0 } }] })
  })

  test('may hold a write that was under way, sector by sector, or what was there before', () => {
    const content = after([data(1, 64 * KiB)], [data(2, 64 * KiB)]).content()
    const older = render(before)
    apply(older, data(1, 64 * KiB))
    const newer = Buffer.from(older)
    apply(newer, data(2, 64 * KiB))
    const torn = Buffer.from(older)
    newer.copy(torn, 64 * KiB, 64 * KiB, 64 * KiB + SECTOR_BYTES)

    expect([older, newer, torn].map((volume) => verify(content, volume).wrongBytes)).toEqual([0, 0, 0])
  })

  test('may hold zeros or what was there before after a discard, and nothing else', () => {
    const discard: Write = { kind: 'discard', offset: 4 * MiB, length: 64 * KiB, generation: 2 }
    const content = after([data(1, 4 * MiB), discard]).content()
    const kept = render(before)
    apply(kept, data(1, 4 * MiB))
    const zeroed = Buffer.from(kept)
    apply(zeroed, discard)
    const stale = Buffer.from(kept)
    writePattern(stale.subarray(4 * MiB, 4 * MiB + WRITE_BYTES), { kind: 'poison', tag: 9 }, 0)

    expect([kept, zeroed].map((volume) => verify(content, volume).wrongBytes)).toEqual([0, 0])
    expect(verify(content, stale).differences[0]).toMatchObject({ offset: 4 * MiB, found: { what: 'poison' } })
  })

  test('says which ranges were covered, also by a write under way', () => {
    expect(after([data(1, 0), data(2, WRITE_BYTES)], [data(3, MiB)]).touched()).toEqual([
      { from: 0, to: 2 * WRITE_BYTES, value: true },
      { from: MiB, to: MiB + WRITE_BYTES, value: true },
    ])
  })

  test('says which writes overlap one under way', () => {
    const written = after([], [data(1, MiB, 64 * KiB)])

    expect([MiB - WRITE_BYTES, MiB, MiB + 60 * KiB, MiB + 64 * KiB].map((offset) => written.overlaps(data(2, offset)))).toEqual([
      false,
      true,
      true,
      false,
    ])
  })
})

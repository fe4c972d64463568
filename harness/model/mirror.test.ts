import { describe, expect, test } from 'vitest'
import { wholly } from '../content/content.ts'
import { lengthOf } from '../content/ranges.ts'
import type { CopyCase, StorageSpec } from '../result/copy.ts'
import type { MirrorOptions } from '../result/mirror.ts'
import { KiB, MiB } from '../units.ts'
import { predict } from './copy_case.ts'

const SIZE = 16 * MiB
const thin: StorageSpec = { kind: 'thin', chunkBytes: 64 * KiB, zeroing: true, discards: true }
const file: StorageSpec = { kind: 'file' }
const old: CopyCase['destination']['prior'] = { kind: 'used', extents: wholly(SIZE) }

function mirrored(
  options: MirrorOptions,
  {
    source = thin,
    destination = {},
    qemu = '11.1',
  }: { source?: StorageSpec; destination?: Partial<CopyCase['destination']>; qemu?: string } = {},
) {
  const prediction = predict({
    sizeBytes: SIZE,
    source: {
      storage: source,
      sizeBytes: SIZE,
      extents: [
        { offset: MiB, length: 64 * KiB, write: 'data' },
        { offset: 4 * MiB, length: 2 * MiB, write: 'zeros' },
      ],
    },
    destination: { storage: thin, sizeBytes: SIZE, prior: { kind: 'new' }, ...destination },
    copy: { how: 'mirror', qemu, options },
  })
  return { wrong: lengthOf(prediction.wrong), mapped: lengthOf(prediction.destinationMapped), written: prediction.copied.writtenBytes }
}

describe("QEMU's mirror", () => {
  test('of a block device writes everything, whatever it is told', () => {
    for (const options of [{}, { targetIsZero: true }, { detectZeroes: 'unmap', discard: 'unmap' }] satisfies MirrorOptions[])
      expect(mirrored(options)).toMatchObject({ wrong: 0, mapped: SIZE })
  })

  test('of a file leaves its holes out when it is told that the destination reads as zeros', () => {
    expect(mirrored({ targetIsZero: true }, { source: file })).toEqual({
      wrong: 0,
      mapped: 2 * MiB + 64 * KiB,
      written: 2 * MiB + 64 * KiB,
    })
    expect(mirrored({}, { source: file })).toEqual({ wrong: 0, mapped: SIZE, written: SIZE })
  })

  test('leaves old data in those holes when that is not so, unless it unmaps the zeros that it detects', () => {
    const destination = { prior: old }

    expect(mirrored({ targetIsZero: true }, { source: file, destination }).wrong).toBe(SIZE - 2 * MiB - 64 * KiB)
    expect(mirrored({ targetIsZero: true, detectZeroes: 'unmap', discard: 'unmap' }, { source: file, destination }).wrong).toBe(0)
  })

  test('makes holes in a file where it detects zeros and may discard, as large as its buffer', () => {
    const destination = { storage: file, prior: old }
    const options: MirrorOptions = { detectZeroes: 'unmap', discard: 'unmap' }

    expect(mirrored(options, { destination })).toMatchObject({ wrong: 0, mapped: MiB })
    expect(mirrored({ ...options, bufBytes: 64 * KiB }, { destination })).toMatchObject({ wrong: 0, mapped: 64 * KiB })
  })

  test('finds out by itself since 10.1 that a new file reads as zeros', () => {
    const copies = ['7.2', '10.0', '10.1', '11.1'].map(
      (qemu) => mirrored({}, { source: file, destination: { storage: file }, qemu }).mapped,
    )

    expect(copies).toEqual([SIZE, SIZE, 2 * MiB + 64 * KiB, 2 * MiB + 64 * KiB])
  })

  test('takes a file for new whose first 128 KiB were zeroed, and no more', () => {
    const zeroed = (length: number): CopyCase['destination']['prior'] => ({
      kind: 'used',
      extents: [{ offset: 0, length, write: 'zeros' }],
    })
    const copies = [128, 132].map((kib) => mirrored({}, { source: file, destination: { storage: file, prior: zeroed(kib * KiB) } }).mapped)

    expect(copies).toEqual([2 * MiB + 64 * KiB + 128 * KiB, SIZE])
  })

  test('zeroes the destination first where it may discard, and before 10.1 writes all zeros again', () => {
    const copies = ['10.0', '11.1'].map((qemu) => mirrored({ discard: 'unmap' }, { source: file, qemu }).written)

    expect(copies).toEqual([2 * SIZE, SIZE + 2 * MiB + 64 * KiB])
  })

  test('copies what is left at the end of a file, although it is a hole', () => {
    const tail = 24 * KiB
    const { copied } = predict({
      sizeBytes: MiB + tail,
      source: { storage: file, sizeBytes: MiB + tail, extents: [] },
      destination: { storage: thin, sizeBytes: 2 * MiB, prior: { kind: 'new' } },
      copy: { how: 'mirror', options: { targetIsZero: true } },
    })

    expect(copied.written).toEqual([{ from: MiB, to: MiB + tail, value: true }])
  })
})

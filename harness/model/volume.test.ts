import { describe, expect, test } from 'vitest'
import { lengthOf, type RangeMap, range } from '../content/ranges.ts'
import type { ByteClass } from '../result/bytes.ts'
import { KiB, MiB } from '../units.ts'
import { ThinPool, ThinVolume } from './thin_pool.ts'
import { CryptVolume, FileVolume, PAGE_BYTES, ThickVolume, WIPED_BYTES, writeBuffered } from './volume.ts'

const TiB = 1024 ** 4
const data = (from: number, to: number): RangeMap<ByteClass> => range<ByteClass>(from, to, 'data')

describe('a thick volume', () => {
  test('is wiped for its first 4 KiB only, and has all its storage', () => {
    const volume = new ThickVolume(MiB)

    expect(volume.read()).toEqual([
      { from: 0, to: WIPED_BYTES, value: 'zero' },
      { from: WIPED_BYTES, to: MiB, value: 'stale' },
    ])
    expect(lengthOf(volume.mapped())).toBe(MiB)
  })

  test('smaller than what is wiped reads zero', () => {
    expect(new ThickVolume(512).read()).toEqual(range(0, 512, 'zero'))
  })

  test('takes no discard', () => {
    const volume = new ThickVolume(MiB)

    expect(volume.discard()).toBe(false)
    expect(volume.read()).toEqual(new ThickVolume(MiB).read())
  })
})

describe('a file', () => {
  test('reads zero in its holes, and has storage for the pages it was written in', () => {
    const file = new FileVolume(MiB, { reserved: false })
    file.write(data(PAGE_BYTES + 512, PAGE_BYTES + 1024))

    expect(file.read()).toEqual([
      { from: 0, to: PAGE_BYTES + 512, value: 'zero' },
      { from: PAGE_BYTES + 512, to: PAGE_BYTES + 1024, value: 'data' },
      { from: PAGE_BYTES + 1024, to: MiB, value: 'zero' },
    ])
    expect(file.mapped()).toEqual(range(PAGE_BYTES, 2 * PAGE_BYTES, true))
  })

  test('that was only reserved reads zero and has all its storage, until it is cut off', () => {
    const file = new FileVolume(MiB, { reserved: true })
    expect(file.read()).toEqual(range(0, MiB, 'zero'))
    expect(lengthOf(file.mapped())).toBe(MiB)

    file.truncate()

    expect(lengthOf(file.mapped())).toBe(0)
  })

  test('reads zero again once it was cut off', () => {
    const file = new FileVolume(MiB, { reserved: false })
    file.write(data(0, MiB))

    file.truncate()

    expect(file.read()).toEqual(range(0, MiB, 'zero'))
  })
})

describe('an encrypted volume', () => {
  const HEADER = 64 * KiB
  const made = () => {
    const below = new ThinVolume(new ThinPool({ chunkBytes: 64 * KiB, zeroing: true, discards: true }), MiB + HEADER)
    return { below, volume: new CryptVolume(below, HEADER) }
  }

  test('reads noise where nothing was written through it, though all below reads zero', () => {
    const { below, volume } = made()

    expect(below.read()).toEqual(range(0, MiB + HEADER, 'zero'))
    expect(volume.read()).toEqual(range(0, MiB, 'noise'))
  })

  test('reads what was written through it, zeros too, and writes it after its header', () => {
    const { below, volume } = made()
    volume.write([
      { from: 0, to: 512, value: 'data' },
      { from: 512, to: 1024, value: 'zero' },
    ])

    expect(volume.read()).toEqual([
      { from: 0, to: 512, value: 'data' },
      { from: 512, to: 1024, value: 'zero' },
      { from: 1024, to: MiB, value: 'noise' },
    ])
    expect(below.mapped()).toEqual(range(HEADER, HEADER + 64 * KiB, true))
    expect(volume.mapped()).toEqual(range(0, 64 * KiB, true))
  })

  test('passes no discard down', () => {
    const { volume } = made()
    volume.write(data(0, MiB))

    expect(volume.discard()).toBe(false)
    expect(volume.read()).toEqual(data(0, MiB))
  })
})

describe('the page cache', () => {
  test('writes whole pages, with what was read around the bytes that were written', () => {
    const volume = new ThinVolume(new ThinPool({ chunkBytes: 64 * KiB, zeroing: false, discards: true }), MiB)

    writeBuffered(volume, data(512, 1024))

    expect(volume.read().slice(0, 4)).toEqual([
      { from: 0, to: 512, value: 'zero' },
      { from: 512, to: 1024, value: 'data' },
      { from: 1024, to: PAGE_BYTES, value: 'zero' },
      { from: PAGE_BYTES, to: 64 * KiB, value: 'stale' },
    ])
  })

  test('ends where the device does', () => {
    const volume = new ThickVolume(PAGE_BYTES + 1024)

    writeBuffered(volume, data(PAGE_BYTES, PAGE_BYTES + 512))

    expect(volume.read()).toEqual([
      { from: 0, to: PAGE_BYTES, value: 'zero' },
      { from: PAGE_BYTES, to: PAGE_BYTES + 512, value: 'data' },
      { from: PAGE_BYTES + 512, to: PAGE_BYTES + 1024, value: 'stale' },
    ])
  })
})

test('a volume of 16 TiB costs as many ranges as a small one', () => {
  for (const sizeBytes of [MiB, 16 * TiB]) {
    const volumes = [new ThickVolume(sizeBytes), new FileVolume(sizeBytes, { reserved: true })]
    for (const volume of volumes) {
      writeBuffered(volume, data(sizeBytes / 2, sizeBytes / 2 + 512))
      expect(volume.read().length).toBeLessThanOrEqual(4)
      expect(volume.mapped()).toEqual(range(0, sizeBytes, true))
    }
  }
})

import { describe, expect, test } from 'vitest'
import { parseSize } from './size.ts'

describe('a size', () => {
  test.each([
    ['512b', 512],
    ['3s', 1536],
    ['200MiB', 200 * 1024 ** 2],
    ['1GiB', 1024 ** 3],
    ['1.00g', 1024 ** 3],
    ['1.00G', 1024 ** 3],
    ['64k', 65536],
    [' 2 TiB ', 2 * 1024 ** 4],
    ['1.5m', 1.5 * 1024 ** 2],
    ['7p', 7 * 1024 ** 5],
    ['0m', 0],
  ])('of %s is %i bytes', (text, bytes) => {
    expect(parseSize(text)).toEqual({ ok: true, bytes })
  })

  test('of a fraction is rounded up to whole sectors, as lvcreate does', () => {
    expect(parseSize('3.80g')).toEqual({ ok: true, bytes: 7969178 * 512 })
  })

  test.each(['', 'g', '12', '-1g', '1e3m', '1,5g', '1 gib b', '1.g', '.5g', '0x10b', '１g', '1GiBs'])('is not "%s"', (text) => {
    expect(parseSize(text)).toMatchObject({ ok: false, why: expect.stringContaining('"3.80g"') })
  })

  test('in KB, MB or GB is refused with what to write, as these are read in two ways', () => {
    expect(parseSize('10GB')).toEqual({ ok: false, why: 'write GiB for powers of 1024, or bytes' })
  })

  test('of 8 PiB cannot be exact, and is refused', () => {
    expect(parseSize('8p')).toEqual({ ok: false, why: 'it is 8 PiB or more' })
  })
})

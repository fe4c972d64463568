import { expect, test } from 'vitest'
import type { Diff } from '../../result/diff.ts'
import { diffReport } from './diff.ts'

const PAGE = 4096
const volume = {
  path: '/dev/vg/v',
  kind: 'block device',
  sizeBytes: 2 ** 30,
  readBytes: 2 ** 20,
  holes: "told by its pool's metadata",
  direct: true,
} as const
const diff: Diff = {
  source: volume,
  destination: { ...volume, path: '/dev/vg/w', readBytes: 2 ** 30, holes: 'not known: it is not a thin volume', direct: false },
  same: true,
  comparedBytes: 2 ** 30,
  differingBytes: 0,
  ranges: [],
  moreRanges: 0,
  seconds: 1.25,
}
const different: Diff = {
  ...diff,
  same: false,
  differingBytes: 13 * 512,
  ranges: Array.from({ length: 13 }, (_, index) => ({
    offset: index * PAGE,
    length: 512,
    source: 'zeros' as const,
    destination: 'data' as const,
  })),
  moreRanges: 2,
  firstPage: {
    offset: 3 * 2 ** 40,
    source: Buffer.alloc(PAGE).toString('base64'),
    destination: Buffer.alloc(PAGE, 'x').toString('base64'),
  },
  tail: { of: 'destination', sizeBytes: 5000, dataBytes: 512, firstDataAt: 2 ** 30 + 3 },
}

test('two volumes that are the same: what was read of each, and how it is known that the rest is zeros', () => {
  expect(diffReport(diff, false)).toBe(`source       /dev/vg/v
             1.00g, 1.00m read; holes: told by its pool's metadata
destination  /dev/vg/w
             1.00g, 1.00g read through the page cache; holes: not known: it is
             not a thin volume

✓ SAME  1073741824 bytes compared, 1.3 s
`)
})

test('two that differ: ten ranges, eight rows of the first page, and what the larger has at its end', () => {
  const text = diffReport(different, false)

  expect(text).toContain('  at byte 36864: 512 bytes, data where zeros belong\n  and 5 ranges more\n')
  expect(text).toContain('30000000070 + 7878 7878 7878 7878 7878 7878 7878 7878  xxxxxxxxxxxxxxxx\n  and 248 rows more that differ\n')
  expect(text).toContain('✗ DIFFERENT  15 ranges, 6656 of 1073741824 bytes compared, 1.3 s\n')
  expect(text).toContain(
    'The destination has 5000 bytes after the end of the source: 512 of them not\n  zeros, the first at byte 1073741827.\n',
  )
  expect(text.split('\n').filter(({ length }) => length > 80)).toEqual([])
})

test('a path cannot steer the terminal', () => {
  expect(diffReport({ ...diff, source: { ...volume, path: 'a\u001b[2Jb' } }, false)).toContain('a\\u001b[2Jb')
})

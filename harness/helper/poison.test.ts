import { readFile } from 'node:fs/promises'
import { withDir } from 'tmp-promise'
import { expect, test } from 'vitest'
import { writePattern } from '../content/pattern.ts'
import { MiB } from '../units.ts'
import { writePoison } from './poison.ts'

test.each([
  ['less than a page', { poisonBytes: 100, sizeBytes: 100 }],
  ['more than a piece, and a part of a page', { poisonBytes: 4 * MiB + 4096 + 100, sizeBytes: 4 * MiB + 4096 + 100 }],
  ['a start only', { poisonBytes: 4097, sizeBytes: 9000 }],
])('poison of %s is the stream, and a hole after it', async (_what, { poisonBytes, sizeBytes }) => {
  const expected = Buffer.alloc(sizeBytes)
  writePattern(expected.subarray(0, poisonBytes), { kind: 'poison', tag: 7 }, 0)

  const found = await withDir(
    async ({ path }) => {
      await writePoison(`${path}/image`, { sizeBytes, poisonBytes, tag: 7 })
      return readFile(`${path}/image`)
    },
    { unsafeCleanup: true },
  )

  expect(found.equals(expected)).toBe(true)
})

test('a part of a byte is an error', async () => {
  const written = withDir(({ path }) => writePoison(`${path}/image`, { sizeBytes: 4096, poisonBytes: 4095.5, tag: 7 }), {
    unsafeCleanup: true,
  })

  await expect(written).rejects.toThrow(/takes no more than 4095 of 4095\.5 bytes$/)
})

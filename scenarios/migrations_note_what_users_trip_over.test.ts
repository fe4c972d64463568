import { expect, test } from 'vitest'
import { certified, hostile } from '../tests/support/certified.ts'

const CHECK = 'migrate-in/host/lvm-thin'

test('an intact copy is upheld, with a note where its blocks have grown or its space is no longer promised', async () => {
  const drivers = [hostile('large-sectors'), 'file-fallocated', 'file'] as const
  const certificates = await certified(drivers, { only: (id) => id === CHECK })

  const texts = certificates.map(({ checks }) => checks.find(({ id }) => id === CHECK)).map((check) => `${check?.verdict}: ${check?.text}`)
  expect(texts).toEqual([
    expect.stringMatching(/^upheld: .*; note: its logical blocks are of 4 KiB/),
    expect.stringMatching(/^upheld: .*; note: it takes less than the driver promises to keep for it/),
    expect.not.stringContaining('note'),
  ])
})

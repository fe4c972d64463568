import { expect, test } from 'vitest'
import { MiB } from '../../harness/units.ts'
import { certified, hostile } from '../../tests/support/certified.ts'

const CHECK = 'clone-is-not-new'

test('a driver that has no room for the volumes of a check is not refuted by it', async () => {
  const [certificate] = await certified(['lvm-thick'], { storageBytes: 32 * MiB, only: (id) => id === CHECK })

  expect(certificate?.checks.find(({ id }) => id === CHECK)).toMatchObject({
    verdict: 'not-shown',
    text: expect.stringMatching(/^29 MiB may not fit the 32 MiB of storage that the driver was given: create_cloned_volume: /),
  })
})

test('a driver of whose own storage only a part can be filled with old bytes is not certified by it', async ({ signal }) => {
  const checks = ['new-reads-zero', 'reused-reads-zero/4k']
  const [certificate] = await certified([hostile('own-storage')], { storageBytes: 12 * MiB, only: (id) => checks.includes(id), signal })

  for (const id of checks)
    expect.soft(certificate?.checks.find((check) => check.id === id)).toMatchObject({
      verdict: 'not-shown',
      text: expect.stringMatching(/^8 MiB of the 32 MiB of storage that the driver brought up itself could be filled/),
    })
})

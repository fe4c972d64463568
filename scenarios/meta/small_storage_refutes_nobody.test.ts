import { expect, test } from 'vitest'
import { MiB } from '../../harness/units.ts'
import { certified } from '../../tests/support/certified.ts'

const CHECK = 'clone-is-not-new'

test('a driver that has no room for the volumes of a check is not refuted by it', async () => {
  const [certificate] = await certified(['lvm-thick'], { storageBytes: 32 * MiB, only: (id) => id === CHECK })

  expect(certificate?.checks.find(({ id }) => id === CHECK)).toMatchObject({
    verdict: 'not-shown',
    text: expect.stringMatching(/^29 MiB may not fit the 32 MiB of storage that the driver was given: create_cloned_volume: /),
  })
})

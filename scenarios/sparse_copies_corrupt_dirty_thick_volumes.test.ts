import { expect, MiB, scenario } from '../harness/scenario.ts'

// dd conv=sparse skips zeros, so old bytes on the destination survive.
scenario('a sparse copy onto a dirty thick volume corrupts it', async ({ context }) => {
  const source = await context.volumeOn('lvm-thin', 32 * MiB)
  const destination = await context.volumeOn('lvm-thick', 32 * MiB)
  const stamped = await source.stamp('scattered-64k')

  await context.copy(source, destination, 'sparse')

  await expect(destination).not.toHold(stamped)
})

scenario('a full copy onto the same dirty thick volume is intact', async ({ context }) => {
  const source = await context.volumeOn('lvm-thin', 32 * MiB)
  const destination = await context.volumeOn('lvm-thick', 32 * MiB)
  const stamped = await source.stamp('scattered-64k')

  await context.copy(source, destination, 'full')

  await expect(destination).toHold(stamped)
})

// lvcreate wipes the first 4 KiB, so a look at the start of a new volume proves nothing.
scenario('a new thick volume reads as zero at its start and as poison behind', async ({ context }) => {
  const volume = await context.volumeOn('lvm-thick', 16 * MiB)

  const { differences } = await volume.verify({ sizeBytes: 16 * MiB, tag: 0, extents: [] })

  expect(differences).toMatchObject([{ offset: 4096, length: 16 * MiB - 4096, expected: 'zero', found: { what: 'poison' } }])
})

scenario('a new thin volume reads as zero on poisoned storage', async ({ context }) => {
  const volume = await context.volumeOn('lvm-thin', 16 * MiB)

  await expect(volume).toHold({ sizeBytes: 16 * MiB, tag: 0, extents: [] })
})

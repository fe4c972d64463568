import { expect, MiB, scenario } from '../harness/scenario.ts'

// dd conv=sparse skips zeros, so stale bytes on the destination survive.
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

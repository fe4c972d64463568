import { expect, MiB, type ScenarioContext, scenario } from '../harness/scenario.ts'

// The thin volume below reads as zero and its driver says so, but what is read through the encryption is noise: a volume type
// with encryption puts a layer between the copy and the promise. The liar stands for the driver below, whose claim is true.
const arrive = async (context: ScenarioContext, layers: readonly string[]) => {
  const volume = await context.volumeOn('lvm-thin', 16 * MiB)
  const stamped = await volume.stamp('mixed')
  const { result, arrived } = await context.migrate(volume, await context.backend('liar/lvm-thin-luks', 24 * MiB), 'host', {}, layers)
  return { stamped, result, arrived }
}

scenario('a migration onto an encrypted volume copies every block although the driver claims true', async ({ context }) => {
  const { stamped, result, arrived } = await arrive(context, ['luks'])

  expect(result).toMatchObject({ outcome: 'migrated', decision: { mode: 'full', decidedBy: 'layered' } })
  await expect(arrived).toHold(stamped)
})

scenario('a migration that overlooks the encryption fills the holes with noise', async ({ context }) => {
  const { stamped, result, arrived } = await arrive(context, [])

  expect(result).toMatchObject({ outcome: 'migrated', decision: { mode: 'sparse', decidedBy: 'claimed-true' } })
  expect((await arrived.verify(stamped)).differences).toContainEqual(
    expect.objectContaining({ expected: 'zero', found: { what: 'noise' } }),
  )
})

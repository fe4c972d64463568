import type { Content } from '../harness/content/content.ts'
import { type DriverName, definitionOf, type StorageBackend } from '../harness/drivers/backend.ts'
import type { Difference } from '../harness/result/bytes.ts'
import { expect, MiB, type ScenarioContext, scenario } from '../harness/scenario.ts'
import { KiB } from '../harness/units.ts'

const SIZE = 8 * MiB
/** The most that a file's format and a filesystem's extents take. */
const FORMAT_BYTES = 512 * KiB
const blank: Content = { sizeBytes: SIZE, tag: 0, extents: [] }

/** Makes a volume that the lab does not own: its backend alone must clear it away. */
async function newVolume({ driver }: StorageBackend, name: string, sizeBytes = SIZE): Promise<string> {
  await driver.createVolume(name, sizeBytes)
  return driver.attachVolume(name)
}

async function wrongOf({ lab }: ScenarioContext, path: string, content = blank): Promise<readonly Difference[]> {
  return (await lab.helper.verify(path, content, true)).differences
}

/** A content of data from end to end. */
function filled({ lab }: ScenarioContext): Content {
  return { sizeBytes: SIZE, tag: lab.tag(), extents: [{ offset: 0, length: SIZE, write: 'data' }] }
}

const stale = (what: string, offset: number, length = SIZE - offset) => ({ offset, length, expected: 'zero', found: { what } })

/** Three small writes take whole chunks of a pool or whole blocks of a filesystem; a preallocated file takes its whole size. */
const zeroing: readonly { kind: DriverName; mappedBytes: number }[] = [
  { kind: 'lvm-thin', mappedBytes: 3 * 64 * KiB },
  { kind: 'lvm-thin-large-chunk', mappedBytes: 3 * 2 * MiB },
  { kind: 'nfs', mappedBytes: 3 * 4 * KiB },
  { kind: 'nfs-prealloc', mappedBytes: SIZE },
  { kind: 'file', mappedBytes: 3 * 4 * KiB },
  { kind: 'file-fallocated', mappedBytes: SIZE },
  { kind: 'qcow2', mappedBytes: 3 * 64 * KiB },
]

for (const { kind, mappedBytes } of zeroing) {
  scenario(`a new volume of ${kind} reads as zero wherever it was not written, also beside small writes`, async ({ context }) => {
    const backend = await context.backend(kind, SIZE)
    const path = await newVolume(backend, 'new')
    const small = [0, 3 * MiB + 512, SIZE - KiB].map((offset) => ({ offset, length: 512, write: 'data' as const }))
    const content = { ...blank, tag: context.lab.tag(), extents: small }

    await context.lab.helper.stamp(path, content)

    expect(await wrongOf(context, path, content)).toEqual([])
    expect(await backend.driver.getCapabilities()).toMatchObject({ sparse_copy_volume: true })
    const space = await context.spaceOf(backend, 'new')
    expect(space.mappedBytes).toBeGreaterThanOrEqual(mappedBytes)
    expect(space.mappedBytes).toBeLessThan(mappedBytes + FORMAT_BYTES)
  })
}

// lvcreate wipes the first 4 KiB of whatever it makes.
for (const kind of ['lvm-thick', 'lvm-raid1-nosync', 'lvm-mirror-nosync'] as const) {
  scenario(`a new volume of ${kind} shows what lay on the storage before`, async ({ context }) => {
    const backend = await context.backend(kind, SIZE)

    const path = await newVolume(backend, 'new')

    expect(await wrongOf(context, path)).toMatchObject([stale('poison', 4 * KiB)])
    expect(await backend.driver.getCapabilities()).toMatchObject({ sparse_copy_volume: false })
    expect(await context.spaceOf(backend, 'new')).toEqual({ mappedBytes: SIZE, dataPercent: expect.any(String) })
  })
}

scenario('a new volume of lvm-thick-larger is larger than asked, and as dirty past that size as before it', async ({ context }) => {
  const path = await newVolume(await context.backend('lvm-thick-larger', SIZE), 'new', SIZE - 4 * MiB)

  expect(await context.lab.helper.measure(path)).toMatchObject({ sizeBytes: SIZE + 4 * MiB })
  expect(await wrongOf(context, path, { ...blank, sizeBytes: SIZE + 4 * MiB })).toMatchObject([
    stale('poison', 4 * KiB, SIZE + 4 * MiB - 4 * KiB),
  ])
})

scenario('a new volume of a pool that does not zero reads as zero, until a small write uncovers its chunk', async ({ context }) => {
  const path = await newVolume(await context.backend('lvm-thin-nozero', SIZE), 'new')
  const before = await wrongOf(context, path)
  const content: Content = { ...blank, tag: context.lab.tag(), extents: [{ offset: MiB, length: 4 * KiB, write: 'data' }] }

  await context.lab.helper.stamp(path, content)

  expect(before).toEqual([])
  expect(await wrongOf(context, path, content)).toMatchObject([stale('poison', 0, MiB), stale('poison', MiB + 4 * KiB, MiB - 4 * KiB)])
})

scenario('a new volume under LUKS reads as noise, though only its header takes storage', async ({ context }) => {
  const backend = await context.backend('lvm-thin-luks', SIZE)

  const path = await newVolume(backend, 'new')

  expect(await wrongOf(context, path)).toMatchObject([stale('noise', 0, SIZE)])
  expect(await context.lab.helper.measure(path)).toMatchObject({ sizeBytes: SIZE })
  expect((await context.spaceOf(backend, 'new')).mappedBytes).toBeLessThanOrEqual(4 * MiB)
})

for (const kind of ['lvm-thin-from-template', 'lvm-thin-external-origin'] as const) {
  scenario(`a new volume of ${kind} shows the data that it is made from`, async ({ context }) => {
    const path = await newVolume(await context.backend(kind, SIZE), 'new')

    expect(await wrongOf(context, path)).toMatchObject([stale('other-stamp', 0, 4 * MiB)])
  })
}

for (const { kind, left } of [
  { kind: 'lvm-thick-cleared', left: [] },
  { kind: 'lvm-thick-partly-cleared', left: [stale('other-stamp', 4 * MiB)] },
] as const) {
  scenario(`the first volume of ${kind} is dirty, and one in the place of another as clean as that was left`, async ({ context }) => {
    const backend = await context.backend(kind, SIZE)
    const first = await newVolume(backend, 'first')
    const found = await wrongOf(context, first)
    await context.lab.helper.stamp(first, filled(context))
    await backend.driver.deleteVolume('first')

    const second = await newVolume(backend, 'second')

    expect(found).toMatchObject([stale('poison', 4 * KiB)])
    expect(await wrongOf(context, second)).toMatchObject(left)
  })
}

scenario('a volume of file-reused is new once, and then the file of a deleted one, cut or made to size', async ({ context }) => {
  const backend = await context.backend('file-reused', 2 * SIZE)
  const first = await newVolume(backend, 'first')
  const found = await wrongOf(context, first)
  await context.lab.helper.stamp(first, filled(context))
  await backend.driver.deleteVolume('first')

  const second = await newVolume(backend, 'second', SIZE / 2)
  const seen = await wrongOf(context, second, { ...blank, sizeBytes: SIZE / 2 })
  await backend.driver.deleteVolume('second')
  const third = await newVolume(backend, 'third')

  expect(found).toEqual([])
  expect(seen).toMatchObject([stale('other-stamp', 0, SIZE / 2)])
  expect(await wrongOf(context, third)).toMatchObject([stale('other-stamp', 0, SIZE / 2)])
  expect(await context.volumesOn(backend)).toEqual(['third'])
})

scenario('a liar answers with the opposite claim, and is the same otherwise', async ({ context }) => {
  const { driver } = await context.backend('liar/lvm-thick', SIZE)

  expect(await driver.getCapabilities()).toMatchObject({ sparse_copy_volume: true, thin_provisioning_support: false })
  await driver.createVolume('new', SIZE)
  expect(await wrongOf(context, await driver.attachVolume('new'))).toMatchObject([stale('poison', 4 * KiB)])
})

// Every verb goes to a driver that has just been started and remembers nothing.
for (const kind of ['lvm-thin', 'lvm-thick', 'lvm-thin-luks', 'nfs', 'file', 'qcow2'] as const) {
  scenario(`snapshots, clones and larger volumes of ${kind} hold what they should`, async ({ context }) => {
    const backend = await context.backend(kind, 8 * SIZE)
    const [early, late] = [filled(context), filled(context)]
    const write = async (volume: string, content: Content) => context.lab.helper.stamp(await backend.reopen().attachVolume(volume), content)
    /** Bytes past the end of the data are verified only where the driver claims that they are zero. */
    const wrongIn = async (volume: string, content: Content, sizeBytes: number) =>
      wrongOf(context, await backend.reopen().attachVolume(volume), { ...content, sizeBytes: definitionOf(kind).claim ? sizeBytes : SIZE })

    await backend.reopen().createVolume('volume', SIZE)
    await write('volume', early)
    await backend.reopen().createSnapshot?.('snapshot', 'volume')
    await write('volume', late)
    await backend.reopen().createVolumeFromSnapshot?.('restored', SIZE + 4 * MiB, 'snapshot', 'volume')
    await backend.reopen().createClonedVolume?.('clone', SIZE, 'volume')
    await backend.reopen().deleteSnapshot?.('snapshot', 'volume')
    await backend.reopen().extendVolume?.('volume', SIZE + 4 * MiB)

    expect(await wrongIn('restored', early, SIZE + 4 * MiB)).toEqual([])
    expect(await wrongIn('clone', late, SIZE)).toEqual([])
    expect(await wrongIn('volume', late, SIZE + 4 * MiB)).toEqual([])
    const { sizeBytes } = await context.lab.helper.measure(await backend.driver.attachVolume('volume'))
    expect(sizeBytes).toBe(SIZE + 4 * MiB)
    expect(await context.volumesOn(backend)).toEqual(['clone', 'restored', 'volume'])
  })
}

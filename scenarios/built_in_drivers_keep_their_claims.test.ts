import type { Content } from '../harness/content/content.ts'
import { type DriverName, definitionOf, type StorageBackend } from '../harness/drivers/backend.ts'
import type { Difference } from '../harness/result/bytes.ts'
import { expect, MiB, type Stage, scenario } from '../harness/scenario.ts'
import { KiB } from '../harness/units.ts'

const SIZE = 8 * MiB
/** What a file's format and a filesystem's extents take at most. */
const FORMAT_BYTES = 512 * KiB
const blank: Content = { sizeBytes: SIZE, tag: 0, extents: [] }

/** A new volume that nobody but its backend will clear away: that must do. */
async function newVolume({ driver }: StorageBackend, name: string, sizeBytes = SIZE): Promise<string> {
  await driver.createVolume(name, sizeBytes)
  return driver.attachVolume(name)
}

async function wrongOf({ lab }: Stage, path: string, content = blank): Promise<readonly Difference[]> {
  return (await lab.helper.verify(path, content, true)).differences
}

/** A content of data from end to end. */
function filled({ lab }: Stage): Content {
  return { sizeBytes: SIZE, tag: lab.tag(), extents: [{ offset: 0, length: SIZE, write: 'data' }] }
}

const stale = (what: string, offset: number, length = SIZE - offset) => ({ offset, length, expected: 'zero', found: { what } })

/** With what the small writes take: whole chunks of a pool, whole blocks of a filesystem; a preallocated file has all. */
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
  scenario(`a new volume of ${kind} reads as zero wherever nobody wrote, also beside small writes`, async ({ stage }) => {
    const backend = await stage.backend(kind, SIZE)
    const path = await newVolume(backend, 'new')
    const small = [0, 3 * MiB + 512, SIZE - KiB].map((offset) => ({ offset, length: 512, write: 'data' as const }))
    const content = { ...blank, tag: stage.lab.tag(), extents: small }

    await stage.lab.helper.stamp(path, content, false)

    expect(await wrongOf(stage, path, content)).toEqual([])
    expect(await backend.driver.getCapabilities()).toMatchObject({ sparse_copy_volume: true })
    const space = await stage.spaceOf(backend, 'new')
    expect(space.mappedBytes).toBeGreaterThanOrEqual(mappedBytes)
    expect(space.mappedBytes).toBeLessThan(mappedBytes + FORMAT_BYTES)
  })
}

// lvcreate wipes the first 4 KiB of whatever it makes.
for (const kind of ['lvm-thick', 'lvm-raid1-nosync', 'lvm-mirror-nosync'] as const) {
  scenario(`a new volume of ${kind} shows what lay on the storage before`, async ({ stage }) => {
    const backend = await stage.backend(kind, SIZE)

    const path = await newVolume(backend, 'new')

    expect(await wrongOf(stage, path)).toMatchObject([stale('poison', 4 * KiB)])
    expect(await backend.driver.getCapabilities()).toMatchObject({ sparse_copy_volume: false })
    expect(await stage.spaceOf(backend, 'new')).toEqual({ mappedBytes: SIZE, dataPercent: expect.any(String) })
  })
}

scenario('a new volume of lvm-thick-larger is larger than asked, and as dirty behind the size as before it', async ({ stage }) => {
  const path = await newVolume(await stage.backend('lvm-thick-larger', SIZE), 'new', SIZE - 4 * MiB)

  expect(await stage.lab.helper.measure(path)).toMatchObject({ sizeBytes: SIZE + 4 * MiB })
  expect(await wrongOf(stage, path, { ...blank, sizeBytes: SIZE + 4 * MiB })).toMatchObject([
    stale('poison', 4 * KiB, SIZE + 4 * MiB - 4 * KiB),
  ])
})

scenario('a new volume of a pool that does not zero reads as zero, until a small write uncovers its chunk', async ({ stage }) => {
  const path = await newVolume(await stage.backend('lvm-thin-nozero', SIZE), 'new')
  const before = await wrongOf(stage, path)
  const content: Content = { ...blank, tag: stage.lab.tag(), extents: [{ offset: MiB, length: 4 * KiB, write: 'data' }] }

  await stage.lab.helper.stamp(path, content, false)

  expect(before).toEqual([])
  expect(await wrongOf(stage, path, content)).toMatchObject([stale('poison', 0, MiB), stale('poison', MiB + 4 * KiB, MiB - 4 * KiB)])
})

scenario('a new volume under LUKS is noise, though none of it has storage but its header', async ({ stage }) => {
  const backend = await stage.backend('lvm-thin-luks', SIZE)

  const path = await newVolume(backend, 'new')

  expect(await wrongOf(stage, path)).toMatchObject([stale('noise', 0, SIZE)])
  expect(await stage.lab.helper.measure(path)).toMatchObject({ sizeBytes: SIZE })
  expect((await stage.spaceOf(backend, 'new')).mappedBytes).toBeLessThanOrEqual(4 * MiB)
})

for (const kind of ['lvm-thin-from-template', 'lvm-thin-external-origin'] as const) {
  scenario(`a new volume of ${kind} shows the data that it is made from`, async ({ stage }) => {
    const path = await newVolume(await stage.backend(kind, SIZE), 'new')

    expect(await wrongOf(stage, path)).toMatchObject([stale('other-stamp', 0, 4 * MiB)])
  })
}

for (const { kind, left } of [
  { kind: 'lvm-thick-cleared', left: [] },
  { kind: 'lvm-thick-partly-cleared', left: [stale('other-stamp', 4 * MiB)] },
] as const) {
  scenario(`a first volume of ${kind} is dirty, one in the place of another as clean as that was made`, async ({ stage }) => {
    const backend = await stage.backend(kind, SIZE)
    const first = await newVolume(backend, 'first')
    const found = await wrongOf(stage, first)
    await stage.lab.helper.stamp(first, filled(stage), false)
    await backend.driver.deleteVolume('first')

    const second = await newVolume(backend, 'second')

    expect(found).toMatchObject([stale('poison', 4 * KiB)])
    expect(await wrongOf(stage, second)).toMatchObject(left)
  })
}

scenario('a volume of file-reused is new once, and then the file of a deleted one, cut or made to size', async ({ stage }) => {
  const backend = await stage.backend('file-reused', 2 * SIZE)
  const first = await newVolume(backend, 'first')
  const found = await wrongOf(stage, first)
  await stage.lab.helper.stamp(first, filled(stage), false)
  await backend.driver.deleteVolume('first')

  const second = await newVolume(backend, 'second', SIZE / 2)
  const seen = await wrongOf(stage, second, { ...blank, sizeBytes: SIZE / 2 })
  await backend.driver.deleteVolume('second')
  const third = await newVolume(backend, 'third')

  expect(found).toEqual([])
  expect(seen).toMatchObject([stale('other-stamp', 0, SIZE / 2)])
  expect(await wrongOf(stage, third)).toMatchObject([stale('other-stamp', 0, SIZE / 2)])
  expect(await stage.volumesOn(backend)).toEqual(['third'])
})

scenario('a liar answers with the opposite claim, and is the same otherwise', async ({ stage }) => {
  const { driver } = await stage.backend('liar/lvm-thick', SIZE)

  expect(await driver.getCapabilities()).toMatchObject({ sparse_copy_volume: true, thin_provisioning_support: false })
  await driver.createVolume('new', SIZE)
  expect(await wrongOf(stage, await driver.attachVolume('new'))).toMatchObject([stale('poison', 4 * KiB)])
})

// Every verb goes to a driver that has just been started and knows nothing.
for (const kind of ['lvm-thin', 'lvm-thick', 'lvm-thin-luks', 'nfs', 'file', 'qcow2'] as const) {
  scenario(`snapshots, clones and larger volumes of ${kind} hold what they should`, async ({ stage }) => {
    const backend = await stage.backend(kind, 8 * SIZE)
    const [early, late] = [filled(stage), filled(stage)]
    const write = async (volume: string, content: Content) =>
      stage.lab.helper.stamp(await backend.reopen().attachVolume(volume), content, false)
    /** What lies behind the data is looked at where it is promised to be zero. */
    const wrongIn = async (volume: string, content: Content, sizeBytes: number) =>
      wrongOf(stage, await backend.reopen().attachVolume(volume), { ...content, sizeBytes: definitionOf(kind).claim ? sizeBytes : SIZE })

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
    const { sizeBytes } = await stage.lab.helper.measure(await backend.driver.attachVolume('volume'))
    expect(sizeBytes).toBe(SIZE + 4 * MiB)
    expect(await stage.volumesOn(backend)).toEqual(['clone', 'restored', 'volume'])
  })
}

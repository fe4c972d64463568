import { join } from 'node:path'
import { Crypt } from '../block/crypt.ts'
import { createLogicalVolume, makeExternalOrigin, SNAPSHOT_MODULES, volumeForms } from '../block/logical_volume.ts'
import { createThinPool, POOL_METADATA_BYTES } from '../block/thin_pool.ts'
import { createVolumeGroup, devicePath, EXTENT_BYTES, type VolumeGroup } from '../block/volume_group.ts'
import type { Content } from '../content/content.ts'
import { makeLocalFolder } from '../drivers/file/local_folder.ts'
import { BrokenLab } from '../errors.ts'
import type { StampMode } from '../helper/device_io.ts'
import type { Lab } from '../lab/lab.ts'
import { runOrThrow } from '../machine/machine.ts'
import type { Extent } from '../result/bytes.ts'
import type { CopyCase, Prior, StorageSpec } from '../result/copy.ts'
import type { TestBed } from '../testbed/test_bed.ts'
import { MiB } from '../units.ts'

/** The bytes of the storage that two machines keep for copies. */
export const COPY_IMAGE_BYTES = 1536 * MiB
const GROUP = 'copy'
const POOL = 'pool'
const LEAST_BYTES = 32 * MiB
const SOURCE = 'source'
const DESTINATION = 'destination'

type ThinStorage = Extract<StorageSpec, { kind: 'thin' }>

/** A volume on real storage. */
export interface BuiltVolume {
  /** The device or file that a copy reads or writes. */
  readonly path: string
  /** The logical volume below; absent for a file. */
  readonly volume?: { readonly group: string; readonly name: string; readonly pool?: string }
}

export interface BuiltCase {
  readonly source: BuiltVolume
  readonly destination: BuiltVolume
  /** The content that was stamped on the source. */
  readonly content: Content
}

/** Makes real storage, poisoned beforehand, into what a copy describes. The destination goes with the lab, the source may stay for the next copy. */
export async function buildStorage(testBed: TestBed, lab: Lab, copyCase: CopyCase): Promise<BuiltCase> {
  const { destination } = copyCase
  const shelf = { testBed, lab }
  const { volume: from, content } = await takeSource(testBed, copyCase)
  const bytes = destination.sizeBytes
  if (destination.storage.kind === 'file') {
    const to = await makeFile(shelf, bytes, destination.prior.kind === 'reserved')
    if (destination.prior.kind === 'used') await stampOther(lab, to.path, bytes, destination.prior.extents)
    return { source: from, destination: to, content }
  }
  const below = await makeDestination(shelf, destination.storage, destination)
  return { source: from, destination: destination.cryptHeaderBytes === undefined ? below : await encrypted(lab, below), content }
}

/**
 * Gives up the source that was left for the next copy: an instance has written to it, or another is wanted. Throws BrokenLab with the
 * faults that were found before, and those of its release.
 */
export async function dropSource(testBed: TestBed, found: readonly string[] = []): Promise<void> {
  const last = testBed.leftForNext
  testBed.leftForNext = undefined
  const faults = [...found, ...((await last?.release()) ?? [])]
  if (faults.length > 0) throw new BrokenLab(faults.join('; '))
}

/** A source with its content, and the lab that it goes with. */
interface StampedSource {
  readonly key: string
  readonly lab: Lab
  readonly volume: BuiltVolume
  readonly content: Content
}

/** By their labs. A test bed keeps the last one for the next copy: copies only read it, and many have the same. */
const sources = new WeakMap<Lab, StampedSource>()

/** The source of a copy: that of the copy before, if it is the same and still holds what was written, or a new one in its place. */
async function takeSource(testBed: TestBed, { source, sizeBytes }: CopyCase): Promise<StampedSource> {
  const key = JSON.stringify([source, sizeBytes])
  const last = testBed.leftForNext && sources.get(testBed.leftForNext)
  const faults: string[] = []
  if (last?.key === key) {
    const { wrongBytes } = await last.lab.helper.verify(last.volume.path, last.content, false)
    if (wrongBytes === 0) return last
    faults.push(`${wrongBytes} bytes of ${last.volume.path} have changed, which was a source and only read`)
  }
  await dropSource(testBed, faults)
  const lab = await testBed.lab.child()
  try {
    const volume = await makeSource({ testBed, lab }, source.storage, sizeBytes)
    const content: Content = { sizeBytes, tag: lab.tag(), extents: source.extents }
    await lab.helper.stamp(volume.path, content, source.storage.kind === 'thick' ? 'everywhere' : 'extents')
    const made = { key, lab, volume, content }
    sources.set(lab, made)
    testBed.leftForNext = lab
    return made
  } catch (error) {
    await lab.release()
    throw error
  }
}

/** Where storage comes from, and the lab that it is for. */
interface Shelf {
  readonly testBed: TestBed
  readonly lab: Lab
}

/** Storage is made in sizes that are powers of two, so that one serves many copies. */
function roomFor(bytes: number): number {
  return Math.max(LEAST_BYTES, 2 ** Math.ceil(Math.log2(bytes)))
}

/** Borrows a group with room for volumes of this size, and for the metadata of a pool and the spare that LVM keeps beside it. */
function borrowGroup({ testBed, lab }: Shelf, bytes: number): Promise<VolumeGroup> {
  const dataBytes = roomFor(bytes + 2 * POOL_METADATA_BYTES + EXTENT_BYTES)
  return testBed.groups.borrow(lab, {
    key: `${GROUP} ${dataBytes}`,
    make: (owner) => createVolumeGroup(owner, testBed.lvm, owner.name(GROUP), { dataBytes }),
  })
}

/** The bytes of a pool with room for volumes, each of which may reach past its end by a chunk. */
function poolBytesFor({ chunkBytes }: ThinStorage, bytes: number): number {
  return Math.ceil((bytes + 2 * chunkBytes) / EXTENT_BYTES) * EXTENT_BYTES
}

/** Borrows a group and makes a pool in it. Groups are kept and pools are not: hardly two copies have the same. */
async function borrowPool(shelf: Shelf, storage: ThinStorage, bytes: number): Promise<VolumeGroup> {
  const poolBytes = poolBytesFor(storage, bytes)
  const group = await borrowGroup(shelf, poolBytes)
  await makePool(group, storage, poolBytes)
  return group
}

async function makePool(group: VolumeGroup, { chunkBytes, zeroing, discards }: ThinStorage, sizeBytes: number): Promise<void> {
  await createThinPool(group, POOL, { sizeBytes, chunkBytes, zeroing, discards: discards ? 'nopassdown' : 'ignore' })
}

function makeSource(shelf: Shelf, storage: StorageSpec, bytes: number): Promise<BuiltVolume> {
  return storage.kind === 'file' ? makeFile(shelf, bytes, false) : makeNew(shelf, storage, SOURCE, bytes)
}

/** A new logical volume in a group of its own. A pool has room for `writtenBytes`. */
async function makeNew(shelf: Shelf, storage: StorageSpec, name: string, bytes: number, writtenBytes = bytes): Promise<BuiltVolume> {
  if (storage.kind === 'thin') {
    const group = await borrowPool(shelf, storage, writtenBytes)
    await createLogicalVolume(group, name, volumeForms.thin(group.name, POOL, bytes))
    return builtVolume(group, name, POOL)
  }
  const group = await borrowGroup(shelf, bytes)
  await createLogicalVolume(group, name, volumeForms.thick(group.name, bytes))
  return builtVolume(group, name)
}

async function makeDestination(
  shelf: Shelf,
  storage: StorageSpec,
  { prior, sizeBytes }: Pick<CopyCase['destination'], 'prior' | 'sizeBytes'>,
): Promise<BuiltVolume> {
  const { lab } = shelf
  if (prior.kind === 'external-origin' && storage.kind === 'thin') return makeOnOrigin(shelf, storage, prior, sizeBytes)
  if (prior.kind === 'snapshot' && storage.kind === 'thin') {
    const group = await borrowPool(shelf, storage, 2 * sizeBytes)
    await createLogicalVolume(group, 'base', volumeForms.thin(group.name, POOL, sizeBytes))
    await stampOther(lab, devicePath(group.name, 'base'), sizeBytes, prior.extents)
    await lab.machine.loadModules(SNAPSHOT_MODULES)
    await createLogicalVolume(group, DESTINATION, volumeForms.thinSnapshot(group.name, 'base'))
    return builtVolume(group, DESTINATION, POOL)
  }
  // A pool reuses discarded chunks only after its next commit: one that is full until then waits for seconds.
  const made = await makeNew(shelf, storage, DESTINATION, sizeBytes, prior.kind === 'used' ? 2 * sizeBytes : sizeBytes)
  if (prior.kind === 'used') await stampOther(lab, made.path, sizeBytes, prior.extents)
  return made
}

async function makeOnOrigin(
  shelf: Shelf,
  storage: ThinStorage,
  { originBytes, extents }: Extract<Prior, { kind: 'external-origin' }>,
  sizeBytes: number,
): Promise<BuiltVolume> {
  const { lab } = shelf
  const poolBytes = poolBytesFor(storage, sizeBytes)
  const group = await borrowGroup(shelf, originBytes + poolBytes)
  await createLogicalVolume(group, 'origin', volumeForms.thick(group.name, originBytes))
  await stampOther(lab, devicePath(group.name, 'origin'), originBytes, extents, 'everywhere')
  await makeExternalOrigin(group, 'origin')
  await lab.machine.loadModules(SNAPSHOT_MODULES)
  await makePool(group, storage, poolBytes)
  await createLogicalVolume(group, DESTINATION, volumeForms.onExternalOrigin(group.name, POOL, 'origin'))
  if (sizeBytes > originBytes) await group.run(['lvextend', '--quiet', '--size', `${sizeBytes}b`, `${group.name}/${DESTINATION}`])
  return builtVolume(group, DESTINATION, POOL)
}

function builtVolume(group: VolumeGroup, name: string, pool?: string): BuiltVolume {
  return { path: devicePath(group.name, name), volume: { group: group.name, name, ...(pool !== undefined && { pool }) } }
}

/** Writes the data of another volume. */
async function stampOther(
  lab: Lab,
  path: string,
  sizeBytes: number,
  extents: readonly Extent[],
  how: StampMode = 'extents',
): Promise<void> {
  await lab.helper.stamp(path, { sizeBytes, tag: lab.tag(), extents }, how)
}

async function makeFile({ testBed, lab }: Shelf, sizeBytes: number, reserved: boolean): Promise<BuiltVolume> {
  const dataBytes = roomFor(2 * sizeBytes)
  const folder = await testBed.folders.borrow(lab, {
    key: `${dataBytes}`,
    make: (owner) => makeLocalFolder(owner, owner.name('folder'), dataBytes),
  })
  const path = join(folder, 'volume')
  await runOrThrow(lab, reserved ? ['fallocate', '--length', `${sizeBytes}`, path] : ['truncate', `--size=${sizeBytes}`, path])
  return { path }
}

async function encrypted(lab: Lab, below: BuiltVolume): Promise<BuiltVolume> {
  const crypt = await Crypt.open(lab, lab.name('crypt'))
  await crypt.format(below.path)
  return { ...below, path: await crypt.open(below.path, DESTINATION) }
}

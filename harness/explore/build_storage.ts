import { join } from 'node:path'
import { Crypt } from '../block/crypt.ts'
import { createLogicalVolume, makeExternalOrigin, SNAPSHOT_MODULES, volumeForms } from '../block/logical_volume.ts'
import { createThinPool, POOL_METADATA_BYTES } from '../block/thin_pool.ts'
import { createVolumeGroup, devicePath, EXTENT_BYTES, type VolumeGroup } from '../block/volume_group.ts'
import type { Content } from '../content/content.ts'
import { makeLocalFolder } from '../drivers/file/local_folder.ts'
import type { Lab } from '../lab/lab.ts'
import { runOrThrow } from '../machine/machine.ts'
import type { Extent } from '../result/bytes.ts'
import type { CopyCase, StorageSpec } from '../result/copy.ts'
import type { TestBed } from '../testbed/test_bed.ts'
import { MiB } from '../units.ts'

/** The bytes that the largest copies need on two machines: source, destination and origin. */
export const COPY_IMAGE_BYTES = 512 * MiB
const GROUP = 'copy'
/** Groups are of sizes that are powers of two, so that one serves many copies. */
const LEAST_GROUP_BYTES = 32 * MiB
const SOURCE = 'source'
const DESTINATION = 'destination'

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

/** Makes real storage, poisoned beforehand, into what a copy describes. All of it goes with the lab. */
export async function buildStorage(testBed: TestBed, lab: Lab, copyCase: CopyCase): Promise<BuiltCase> {
  const { source, destination, sizeBytes } = copyCase
  const group = await makeGroup(testBed, lab, copyCase)
  const folder = async (of: string, bytes: number) => makeLocalFolder(lab, lab.name(of), 2 * bytes)
  const from =
    source.storage.kind === 'file'
      ? await makeFile(lab, await folder('source', sizeBytes), sizeBytes, false)
      : await makeNew(group, source.storage, SOURCE, sizeBytes)
  const content: Content = { sizeBytes, tag: lab.tag(), extents: source.extents }
  await lab.helper.stamp(from.path, content, source.storage.kind === 'thick')

  const bytes = destination.sizeBytes
  if (destination.storage.kind === 'file') {
    const to = await makeFile(lab, await folder('destination', bytes), bytes, destination.prior.kind === 'reserved')
    if (destination.prior.kind === 'used') await stampOther(lab, to.path, bytes, destination.prior.extents)
    return { source: from, destination: to, content }
  }
  const below = await makeDestination(group, destination.storage, destination)
  return { source: from, destination: destination.cryptHeaderBytes === undefined ? below : await encrypted(lab, below), content }
}

async function makeGroup(testBed: TestBed, lab: Lab, { sizeBytes, source, destination }: CopyCase): Promise<VolumeGroup> {
  const volumes = [
    { storage: source.storage, bytes: sizeBytes },
    // A snapshot and what it was taken of, an origin and what stands on it.
    { storage: destination.storage, bytes: (destination.prior.kind === 'new' ? 1 : 2) * destination.sizeBytes },
  ]
  const room = volumes.map(({ storage, bytes }) => {
    if (storage.kind === 'file') return 0
    return storage.kind === 'thin' ? poolBytes(bytes, storage.chunkBytes) + POOL_METADATA_BYTES : upToExtents(bytes)
  })
  const spare = POOL_METADATA_BYTES + EXTENT_BYTES
  const dataBytes = Math.max(LEAST_GROUP_BYTES, 2 ** Math.ceil(Math.log2(room.reduce((sum, bytes) => sum + bytes, spare))))
  return testBed.groups.borrow(lab, {
    key: `${GROUP} ${dataBytes}`,
    make: (owner) => createVolumeGroup(owner, testBed.lvm, owner.name(GROUP), { dataBytes }),
  })
}

function upToExtents(bytes: number): number {
  return Math.ceil(bytes / EXTENT_BYTES) * EXTENT_BYTES
}

/** Its last chunk may reach past a volume's end. */
function poolBytes(bytes: number, chunkBytes: number): number {
  return upToExtents(bytes + 2 * chunkBytes)
}

async function makeNew(group: VolumeGroup, storage: StorageSpec, name: string, bytes: number, roomBytes = bytes): Promise<BuiltVolume> {
  if (storage.kind !== 'thin') {
    await createLogicalVolume(group, name, volumeForms.thick(group.name, bytes))
    return builtVolume(group, name)
  }
  const pool = await makePool(group, storage, name, roomBytes)
  await createLogicalVolume(group, name, volumeForms.thin(group.name, pool, bytes))
  return builtVolume(group, name, pool)
}

async function makePool(
  group: VolumeGroup,
  { chunkBytes, zeroing, discards }: Extract<StorageSpec, { kind: 'thin' }>,
  name: string,
  bytes: number,
): Promise<string> {
  const pool = `${name}-pool`
  await createThinPool(group, pool, {
    sizeBytes: poolBytes(bytes, chunkBytes),
    chunkBytes,
    zeroing,
    discards: discards ? 'nopassdown' : 'ignore',
  })
  return pool
}

async function makeDestination(
  group: VolumeGroup,
  storage: StorageSpec,
  { prior, sizeBytes }: Pick<CopyCase['destination'], 'prior' | 'sizeBytes'>,
): Promise<BuiltVolume> {
  const { lab } = group
  if (prior.kind === 'external-origin' && storage.kind === 'thin') {
    const origin = await makeNew(group, { kind: 'thick' }, 'origin', prior.originBytes)
    await stampOther(lab, origin.path, prior.originBytes, prior.extents, true)
    await makeExternalOrigin(group, 'origin')
    await lab.machine.loadModules(SNAPSHOT_MODULES)
    const pool = await makePool(group, storage, DESTINATION, sizeBytes)
    await createLogicalVolume(group, DESTINATION, volumeForms.onExternalOrigin(group.name, pool, 'origin'))
    if (sizeBytes > prior.originBytes) await group.run(['lvextend', '--quiet', '--size', `${sizeBytes}b`, `${group.name}/${DESTINATION}`])
    return builtVolume(group, DESTINATION, pool)
  }
  if (prior.kind === 'snapshot' && storage.kind === 'thin') {
    const base = await makeNew(group, storage, 'base', sizeBytes, 2 * sizeBytes)
    await stampOther(lab, base.path, sizeBytes, prior.extents)
    await lab.machine.loadModules(SNAPSHOT_MODULES)
    await createLogicalVolume(group, DESTINATION, volumeForms.thinSnapshot(group.name, 'base'))
    return builtVolume(group, DESTINATION, base.volume?.pool)
  }
  const made = await makeNew(group, storage, DESTINATION, sizeBytes)
  if (prior.kind === 'used') await stampOther(lab, made.path, sizeBytes, prior.extents)
  return made
}

function builtVolume(group: VolumeGroup, name: string, pool?: string): BuiltVolume {
  return { path: devicePath(group.name, name), volume: { group: group.name, name, ...(pool !== undefined && { pool }) } }
}

/** Writes the data of another volume. */
async function stampOther(lab: Lab, path: string, sizeBytes: number, extents: readonly Extent[], everywhere = false): Promise<void> {
  await lab.helper.stamp(path, { sizeBytes, tag: lab.tag(), extents }, everywhere)
}

async function makeFile(lab: Lab, folder: string, sizeBytes: number, reserved: boolean): Promise<BuiltVolume> {
  const path = join(folder, 'volume')
  await runOrThrow(lab, reserved ? ['fallocate', '--length', `${sizeBytes}`, path] : ['truncate', `--size=${sizeBytes}`, path])
  return { path }
}

async function encrypted(lab: Lab, below: BuiltVolume): Promise<BuiltVolume> {
  const crypt = await Crypt.open(lab, lab.name('crypt'))
  await crypt.format(below.path)
  return { ...below, path: await crypt.open(below.path, DESTINATION) }
}

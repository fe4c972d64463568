import { join } from 'node:path'
import { Crypt, LUKS_HEADER_BYTES } from '../block/crypt.ts'
import type { CoverDevice } from '../block/faulty_device.ts'
import type { KeptGroups } from '../block/kept_groups.ts'
import type { Lvm } from '../block/lvm.ts'
import type { VolumeGroup } from '../block/volume_group.ts'
import type { Lab } from '../lab/lab.ts'
import { runOrThrow } from '../machine/machine.ts'
import type { Mover } from '../movers/mover.ts'
import type { BuiltInDriver } from '../protocol/driver.ts'
import { FileDriver } from './file/driver.ts'
import { type FileKind, fileKinds } from './file/kinds.ts'
import { makeLocalFolder } from './file/local_folder.ts'
import { createLvmStorage, LvmDriver } from './lvm/driver.ts'
import { internalVolumes, type LvmType, lvmKind } from './lvm/kinds.ts'
import { LuksDriver } from './lvm/luks.ts'
import type { NfsServer } from './nfs/server.ts'

/** How much a backend must hold, and how much of its storage is poisoned, from the start (default: all). In bytes. */
export interface BackendSize {
  readonly dataBytes: number
  readonly poisonBytes?: number
  /** Faults of the storage: of LVM's alone. */
  readonly cover?: CoverDevice
  readonly errorWhenFull?: boolean
}

/** The resources that the backends of one machine share. */
export interface SharedStorage {
  readonly lvm: Lvm
  /** Absent where every backend gets new storage. */
  readonly groups?: KeptGroups
  /** The program that moves the bytes of a driver-assisted migration. */
  readonly mover: Mover
  /** Starts the machine's NFS server, or gives the one that runs. */
  nfs(): Promise<NfsServer>
}

/** Storage that a driver can be put over, and where its volumes lie. */
export interface Storage {
  /** A new driver each time, as after a restart of its process. */
  open(): BuiltInDriver
  /** The volume group, for LVM. */
  readonly group?: string
  /** The volumes that belong to the storage itself: a pool, a template. */
  readonly internalVolumes?: readonly string[]
  /** The file of a volume, for drivers whose volumes are files. */
  readonly fileOf?: (volume: string) => string
  /** The size of a volume in bytes where the file's own says nothing. */
  readonly sizeOf?: (volume: string) => Promise<number>
  /** For storage behind a cache that direct reads do not pass by. */
  readonly dropCache?: (volume: string) => Promise<void>
}

export interface BuiltIn {
  /**
   * The honest answer for `sparse_copy_volume`: true only if every byte that was not written reads as zero, after any writes,
   * whatever lay on the storage before.
   */
  readonly claim: boolean
  make(lab: Lab, name: string, size: BackendSize, shared: SharedStorage): Promise<Storage>
}

/** The built-in drivers, each with what it honestly claims. */
export const builtIn = {
  'lvm-thin': { claim: true, make: lvm('thin') },
  'lvm-thick': { claim: false, make: lvm('default') },
  nfs: { claim: true, make: nfs(fileKinds.sparse) },
  'nfs-prealloc': { claim: true, make: nfs(fileKinds.preallocated) },
  'lvm-thin-large-chunk': { claim: true, make: lvm('thin-large-chunk') },
  // Cinder claims true for it. A new chunk keeps what it held around a write that is smaller.
  'lvm-thin-nozero': { claim: false, make: lvm('thin-nozero') },
  'lvm-thin-luks': { claim: false, make: luks },
  'lvm-thin-from-template': { claim: false, make: lvm('thin-from-template') },
  'lvm-thin-external-origin': { claim: false, make: lvm('thin-external-origin') },
  // Storage that was deleted is zero. Storage that was never used is not.
  'lvm-thick-cleared': { claim: false, make: lvm('thick-cleared') },
  'lvm-thick-partly-cleared': { claim: false, make: lvm('thick-partly-cleared') },
  'lvm-thick-larger': { claim: false, make: lvm('thick-larger') },
  'lvm-raid1-nosync': { claim: false, make: lvm('raid1-nosync') },
  'lvm-mirror-nosync': { claim: false, make: lvm('mirror-nosync') },
  file: { claim: true, make: local(fileKinds.sparse) },
  'file-fallocated': { claim: true, make: local(fileKinds.fallocated) },
  'file-reused': { claim: false, make: local(fileKinds.reused) },
  qcow2: { claim: true, make: local(fileKinds.qcow2) },
} satisfies Record<string, BuiltIn>

function lvm(type: LvmType): BuiltIn['make'] {
  return async (lab, name, size, shared) => {
    const group = await createLvmStorage(lab, shared, name, type, size)
    return lvmStorage(group, type, () => new LvmDriver(group, type, shared.mover))
  }
}

function lvmStorage({ name }: VolumeGroup, type: LvmType, open: Storage['open']): Storage {
  return { open, group: name, internalVolumes: internalVolumes(name, lvmKind(type)) }
}

/** Room for the headers of this many volumes. */
const LUKS_VOLUMES = 8

async function luks(lab: Lab, name: string, size: BackendSize, shared: SharedStorage): Promise<Storage> {
  const dataBytes = size.dataBytes + LUKS_VOLUMES * LUKS_HEADER_BYTES
  const group = await createLvmStorage(lab, shared, name, 'thin', { ...size, dataBytes })
  const crypt = await Crypt.open(lab, name)
  return lvmStorage(group, 'thin', () => new LuksDriver(new LvmDriver(group, 'thin', shared.mover), crypt))
}

function nfs(kind: FileKind): BuiltIn['make'] {
  return async (lab, name, _size, shared) => {
    const server = await shared.nfs()
    const folder = join(server.mount, name)
    await lab.own(
      `the folder of ${name}`,
      () => lab.perform(['mkdir', folder]),
      async () => {
        await runOrThrow(lab, ['rm', '-rf', folder])
      },
    )
    return {
      open: () => new FileDriver(lab, name, folder, kind, { driver: 'NfsDriver', version: '1.4.0', protocol: 'nfs' }),
      fileOf: (volume) => join(folder, volume),
      dropCache: (volume) => server.dropCache(lab, join(name, volume)),
    }
  }
}

function local(kind: FileKind): BuiltIn['make'] {
  return async (lab, name, { dataBytes, poisonBytes }) => {
    if (kind.modules !== undefined) await lab.machine.loadModules(kind.modules)
    const folder = await makeLocalFolder(lab, name, dataBytes, poisonBytes)
    await lab.own(
      `the attached volumes of ${name}`,
      async () => {},
      async () => {
        await kind.detachAll(lab, folder)
      },
    )
    const fileOf = (volume: string) => join(folder, volume)
    return {
      open: () => new FileDriver(lab, name, folder, kind, { driver: 'FileDriver', version: '1.0.0', protocol: 'file' }),
      fileOf,
      sizeOf: (volume) => kind.sizeOf(lab, fileOf(volume)),
    }
  }
}

import { join } from 'node:path'
import { KeptGroups } from '../block/kept_groups.ts'
import { Lvm } from '../block/lvm.ts'
import { createBackend, type DriverName, type StorageBackend } from '../drivers/backend.ts'
import type { BackendSize, SharedStorage } from '../drivers/built_in.ts'
import { KeptFolders } from '../drivers/file/kept_folders.ts'
import { type NfsServer, startNfsServer } from '../drivers/nfs/server.ts'
import type { AdapterFault } from '../errors.ts'
import { type Helper, openHelper } from '../helper/client.ts'
import { Lab } from '../lab/lab.ts'
import type { Machine } from '../machine/machine.ts'
import { Libvirt } from '../movers/mirror/libvirt/libvirt.ts'
import { StorageDaemon } from '../movers/mirror/storage_daemon.ts'
import type { Mover } from '../movers/mover.ts'
import { MiB } from '../units.ts'

/** Bytes that the NFS server of a machine can hold: the sources and destinations of its cells, one after the other. */
const NFS_BYTES = 160 * MiB

export interface TestBedOptions {
  /** The name prefix of the run. */
  readonly prefix: string
  readonly seed: number
  readonly mover: Mover
  readonly nfsBytes?: number
  readonly signal?: AbortSignal
}

/** A machine with what the cells that run on it share: LVM, an NFS server, and one source backend of each kind. */
export class TestBed implements SharedStorage {
  readonly machine: Machine
  readonly lab: Lab
  readonly lvm: Lvm
  /** What one piece of work has left for the next. It stands on kept storage, so it goes first. */
  leftForNext: Lab | undefined
  /** What adapters of drivers have failed at, until somebody takes it away. */
  readonly adapterFaults: AdapterFault[] = []
  readonly groups: KeptGroups
  readonly folders: KeptFolders
  readonly mover: Mover
  private readonly helper: Helper
  private readonly nfsBytes: number
  private readonly sources = new Map<string, Promise<StorageBackend>>()
  private nfsServer: Promise<NfsServer> | undefined
  private readonly daemons = new Map<string, Promise<StorageDaemon>>()
  private libvirtd: Promise<Libvirt> | undefined

  private constructor(machine: Machine, helper: Helper, lab: Lab, lvm: Lvm, { mover, nfsBytes = NFS_BYTES }: TestBedOptions) {
    this.machine = machine
    this.helper = helper
    this.lab = lab
    this.lvm = lvm
    this.groups = new KeptGroups(lab, lvm)
    this.folders = new KeptFolders(lab)
    this.mover = mover
    this.nfsBytes = nfsBytes
  }

  static async open(machine: Machine, options: TestBedOptions): Promise<TestBed> {
    const helper = await openHelper(machine)
    const prefix = `${options.prefix}_${machine.name}`
    const lab = await Lab.open({ ...options, machine, helper, prefix, folder: join(machine.shared, prefix) })
    return new TestBed(machine, helper, lab, await Lvm.open(lab), options)
  }

  nfs(): Promise<NfsServer> {
    const server = this.nfsServer ?? startNfsServer(this.lab, this.nfsBytes)
    this.nfsServer = server
    server.catch(() => {
      this.nfsServer = undefined
    })
    return server
  }

  /** The block layer of a QEMU version, default the newest, through which instances have volumes in use. One that has ended is replaced. */
  async storageDaemon(qemu = 'newest'): Promise<StorageDaemon> {
    const running = await this.daemons.get(qemu)?.catch(() => undefined)
    if (running !== undefined && !running.ended) return running
    const daemon = StorageDaemon.start(this.lab, qemu)
    this.daemons.set(qemu, daemon)
    return daemon
  }

  /** libvirt, whose domains have volumes in use. It takes seconds to start, so all cells share it. */
  libvirt(): Promise<Libvirt> {
    const libvirtd = this.libvirtd ?? Libvirt.start(this.lab)
    this.libvirtd = libvirtd
    libvirtd.catch(() => {
      this.libvirtd = undefined
    })
    return libvirtd
  }

  /** The backend that cells with this source share; its volumes come and go with the cells. */
  source(kind: DriverName, size: BackendSize): Promise<StorageBackend> {
    const key = `${kind} ${size.dataBytes}`
    const known = this.sources.get(key) ?? this.create(this.lab, kind, 'source', size)
    this.sources.set(key, known)
    known.catch(() => this.sources.delete(key)) // the next cell tries anew
    return known
  }

  /** A backend of a cell's own, on poisoned storage that earlier cells may have used. */
  create(lab: Lab, kind: DriverName, name: string, size: BackendSize): Promise<StorageBackend> {
    return createBackend(lab, kind, lab.name(name), size, this)
  }

  /** A backend on new storage: what a driver is certified on did not exist before it. */
  createNew(lab: Lab, kind: DriverName, name: string, size: BackendSize): Promise<StorageBackend> {
    const { lvm, mover } = this
    return createBackend(lab, kind, lab.name(name), size, { lvm, mover, nfs: () => this.nfs() })
  }

  /** Releases all that is left; returns what went wrong. */
  async close(): Promise<string[]> {
    const faults = (await this.leftForNext?.release()) ?? []
    faults.push(...(await this.lab.release()))
    await this.helper.close().catch(() => {}) // a helper that is gone needs no closing
    return faults
  }
}

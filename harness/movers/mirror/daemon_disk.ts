import { messageOf, PivotUnknown } from '../../errors.ts'
import type { Lab } from '../../lab/lab.ts'
import type { MirrorOptions } from '../../result/mirror.ts'
import { within } from '../../timers.ts'
import { type Disk, type MirrorFault, NotOpened } from './disk.ts'
import { CommandRefused, type Qmp } from './qmp.ts'

const CANCEL_SECONDS = 60
/** How long QEMU may take to write out what is under way when it changes over. */
const PIVOT_SECONDS = 120
/** An instance's discards reach its volume. */
const IN_USE: MirrorOptions = { discard: 'unmap' }

/** A volume that a storage daemon has in use. */
export class DaemonDisk implements Disk {
  readonly export: Disk['export']
  private readonly lab: Lab
  private readonly qmp: Qmp
  private readonly name: string
  private readonly sizeBytes: number
  private nodes: readonly string[]
  private mirrors = 0
  /** The last mirror, and the name of its nodes. */
  private job = ''

  private constructor(lab: Lab, qmp: Qmp, socket: string, name: string, sizeBytes: number) {
    this.lab = lab
    this.qmp = qmp
    this.export = { socket, exportName: name }
    this.name = name
    this.sizeBytes = sizeBytes
    this.nodes = nodesOf(name)
  }

  /** `name` is its own in the daemon, whose NBD server listens on `socket`. */
  static async open(
    lab: Lab,
    { qmp, socket }: { readonly qmp: Qmp; readonly socket: string },
    name: string,
    path: string,
    sizeBytes: number,
  ): Promise<DaemonDisk> {
    try {
      await addNodes(lab, qmp, name, path, sizeBytes, IN_USE)
      await takes(qmp.execute('block-export-add', { type: 'nbd', id: name, 'node-name': name, name, writable: true }))
      return new DaemonDisk(lab, qmp, socket, name, sizeBytes)
    } catch (error) {
      await Promise.allSettled(nodesOf(name).map((node) => qmp.execute('blockdev-del', { 'node-name': node })))
      throw error
    }
  }

  async beginMirror(to: string, options: MirrorOptions, bytesASecond?: number): Promise<void> {
    const job = this.newJob()
    await addNodes(this.lab, this.qmp, job, to, this.sizeBytes, options)
    const { copyMode, targetIsZero, bufBytes } = options
    const begun = this.qmp.execute('blockdev-mirror', {
      'job-id': job,
      device: this.name,
      target: job,
      sync: 'full',
      'auto-dismiss': false,
      ...(copyMode && { 'copy-mode': copyMode }),
      ...(targetIsZero && { 'target-is-zero': true }),
      ...(bufBytes && { 'buf-size': bufBytes }),
      ...(bytesASecond !== undefined && { speed: bytesASecond }),
    })
    await takes(begun)
  }

  async copyFast(): Promise<void> {
    await this.qmp.execute('block-job-set-speed', { device: this.job, speed: 0 }).catch((error: unknown) => {
      // A job that has ended meanwhile takes no speed. Why it ended is said by untilReady.
      if (!(error instanceof CommandRefused)) throw error
    })
  }

  untilReady(): Promise<void> {
    return this.qmp.untilJob(this.job, 'ready')
  }

  async pivot(): Promise<void> {
    const { job } = this
    const isAsked = !this.qmp.ended
    try {
      await this.qmp.execute('job-complete', { id: job })
    } catch (error) {
      if (!isAsked) throw error
      if (!(error instanceof CommandRefused)) throw new PivotUnknown(messageOf(error), { cause: error })
      await this.giveUp()
      throw new Error(`QEMU refuses the pivot: ${error.message}`, { cause: error })
    }
    try {
      const concluded = this.qmp.untilJob(job, 'concluded').then(() => true)
      if ((await within(concluded, PIVOT_SECONDS * 1000)) === undefined)
        throw new PivotUnknown(`QEMU did not pivot within ${PIVOT_SECONDS} s`)
    } catch (error) {
      if (error instanceof PivotUnknown) throw error
      if (this.qmp.runs(job)) throw new PivotUnknown(messageOf(error), { cause: error })
      await this.giveUp()
      throw error
    }
    const old = this.nodes
    this.nodes = nodesOf(job)
    // The volume has moved, whatever becomes of these. What still holds the source shows when that is deleted.
    await Promise.allSettled([this.qmp.execute('job-dismiss', { id: job }), this.remove(old)])
  }

  async cancel(): Promise<void> {
    await this.qmp.execute('job-cancel', { id: this.job })
  }

  async copyBadly(to: string, fault: MirrorFault, bytesASecond: number, goOn: () => Promise<void>): Promise<void> {
    const job = this.newJob()
    await addNodes(this.lab, this.qmp, job, to, this.sizeBytes, {})
    const command = fault === 'forgets-writes' ? 'blockdev-backup' : 'blockdev-mirror'
    const order = { 'job-id': job, device: this.name, target: job, sync: 'full', 'auto-dismiss': false, speed: bytesASecond }
    await this.qmp.execute(command, order)
    await goOn()
    if (fault === 'pivots-early') {
      await this.cancel()
      await this.qmp.untilJob(job, 'concluded').catch(() => {})
    } else {
      await this.copyFast()
      await this.qmp.untilJob(job, 'concluded')
    }
    await this.qmp.execute('job-dismiss', { id: job })
    await goOn()
    await this.remove([job])
    await this.qmp.execute('blockdev-reopen', { options: [{ driver: 'raw', 'node-name': this.name, file: `${job}-storage` }] })
    const old = this.nodes
    this.nodes = [this.name, `${job}-storage`]
    await this.remove(old.filter((node) => !this.nodes.includes(node)))
  }

  /** What is gone with QEMU needs no end. */
  async giveUp(): Promise<void> {
    const { job } = this
    try {
      if (this.qmp.runs(job)) {
        await this.qmp.execute('job-cancel', { id: job }).catch(() => {}) // it may just have ended
        const ended = this.qmp.untilJob(job, 'concluded').then(
          () => true,
          () => true,
        )
        // A daemon that does not let go of the destination must go.
        if ((await within(ended, CANCEL_SECONDS * 1000)) === undefined) await this.qmp.execute('quit')
      }
      await this.qmp.execute('job-dismiss', { id: job }).catch(() => {}) // it may not have begun
      await this.remove(nodesOf(job))
    } catch {
      // The error that led here says more.
    }
  }

  async close(): Promise<void> {
    try {
      await this.qmp.execute('block-export-del', { id: this.name, mode: 'hard' })
      await within(this.qmp.untilExportGone(this.name), CANCEL_SECONDS * 1000)
      await this.remove(this.nodes)
    } catch (error) {
      // A daemon that was killed has let go of everything.
      if (error instanceof CommandRefused) throw error
    }
  }

  private newJob(): string {
    this.job = `${this.name}-mirror${++this.mirrors}`
    return this.job
  }

  private async remove(nodes: readonly string[]): Promise<void> {
    await Promise.all(nodes.map((node) => this.qmp.execute('blockdev-del', { 'node-name': node })))
  }
}

/** What QEMU refuses to do with a volume it cannot have in use: one whose size is no whole number of its blocks, for example. */
async function takes(asked: Promise<unknown>): Promise<void> {
  try {
    await asked
  } catch (error) {
    throw error instanceof CommandRefused ? new NotOpened(error.message, { cause: error }) : error
  }
}

function nodesOf(name: string): string[] {
  return [name, `${name}-storage`]
}

/**
 * Adds the nodes of a volume as libvirt does for a raw disk with cache=none: its storage, and a format above that is named `name`. A device
 * that is larger than the volume shows the volume only, as both sides of a mirror must have the same size.
 */
async function addNodes(
  lab: Lab,
  qmp: Qmp,
  name: string,
  path: string,
  sizeBytes: number,
  { detectZeroes, discard }: MirrorOptions,
): Promise<void> {
  const found = await lab.helper.inspectPath(path)
  if (found.kind !== 'block' && found.kind !== 'file') throw new NotOpened(`${path} is neither a block device nor a file`)
  const storage = {
    driver: found.kind === 'block' ? 'host_device' : 'file',
    'node-name': `${name}-storage`,
    filename: path,
    cache: { direct: true },
    aio: 'threads',
    ...(discard && { discard }),
  }
  const format = {
    driver: 'raw',
    'node-name': name,
    file: `${name}-storage`,
    ...(found.sizeBytes > sizeBytes && { size: sizeBytes }),
    ...(discard && { discard }),
    ...(detectZeroes && { 'detect-zeroes': detectZeroes }),
  }
  // Sent together: an answer takes longer than the command.
  await Promise.all([storage, format].map((node) => takes(qmp.execute('blockdev-add', node))))
}

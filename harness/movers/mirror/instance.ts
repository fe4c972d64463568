import type { Content } from '../../content/content.ts'
import { messageOf, PivotUnknown } from '../../errors.ts'
import type { InstanceWriter } from '../../helper/client.ts'
import type { Written } from '../../helper/writer.ts'
import type { Lab } from '../../lab/lab.ts'
import type { MirrorOptions, WriterName } from '../../result/mirror.ts'
import { within } from '../../timers.ts'
import { MiB } from '../../units.ts'
import { countMoved } from '../mover.ts'
import { CommandRefused, type Qmp } from './qmp.ts'
import type { StorageDaemon } from './storage_daemon.ts'

/** QEMU cannot open a volume as Nova has it opened, past the page cache: nothing can be said of it. */
export class NotOpened extends Error {
  override name = 'NotOpened'
}

/** A moment of a mirror, at which a test can intervene. */
export type MirrorStage = 'copying' | 'ready'

/** A mirror that is broken on purpose. `forgets-writes`: it ignores what is written meanwhile. `pivots-early`: before it is ready. */
export type MirrorFault = 'forgets-writes' | 'pivots-early'

export interface MirrorOrder {
  readonly to: string
  readonly options: MirrorOptions
  readonly fault?: MirrorFault | undefined
  readonly onStage?: (stage: MirrorStage) => Promise<void>
}

/** So many writes are acknowledged at each stage of a mirror before it goes on. */
const WRITES_A_STAGE = 8
/** Of a mirror that went well: before it, while it copied, while it followed, and after it. */
export const LEAST_WRITES = 4 * WRITES_A_STAGE
/** While the writer makes them, the mirror copies no more than this a second. */
const SLOW_BYTES = 4 * MiB
const COPY_SECONDS = 600
const CANCEL_SECONDS = 60

export interface InstanceOrder {
  /** The attached volume. */
  readonly path: string
  /** What it holds. */
  readonly content: Content
  readonly writer: WriterName
}

/** An instance that has a volume in use: QEMU's block layer over its device, and a writer on top. */
export class Instance {
  private readonly lab: Lab
  private readonly qmp: Qmp
  /** The version of QEMU. */
  readonly qemu: string
  /** The options of its last mirror. */
  options: MirrorOptions = {}
  private readonly name: string
  private readonly order: InstanceOrder
  private readonly writer: InstanceWriter
  private at: { readonly path: string; readonly nodes: readonly string[] }
  private mirrors = 0
  private written: Promise<Written> | undefined

  private constructor(lab: Lab, { qmp, version }: StorageDaemon, name: string, order: InstanceOrder, writer: InstanceWriter) {
    this.lab = lab
    this.qmp = qmp
    this.qemu = version
    this.name = name
    this.order = order
    this.writer = writer
    this.at = { path: order.path, nodes: [name, `${name}-storage`] }
  }

  /** Starts one, which ends with the lab at the latest. Its first writes are acknowledged before this resolves. */
  static async start(lab: Lab, daemon: StorageDaemon, order: InstanceOrder): Promise<Instance> {
    const { qmp, socket } = daemon
    const name = daemon.newName()
    let instance: Instance | undefined
    return lab.own(
      `the instance on ${order.path}`,
      async () => {
        await addNodes(lab, qmp, name, order.path, order.content.sizeBytes, {})
        await qmp.execute('block-export-add', { type: 'nbd', id: name, 'node-name': name, name, writable: true })
        const writer = await lab.helper.startWriter({
          socket,
          exportName: name,
          content: order.content,
          writer: order.writer,
          seed: lab.seed,
        })
        instance = new Instance(lab, daemon, name, order, writer)
        await writer.more(WRITES_A_STAGE)
        return instance
      },
      async () => {
        await instance?.stop()
      },
    )
  }

  /**
   * Copies the volume to another path while the writer writes, and goes on there. Throws PivotUnknown when the instance may write there
   * already, and any other error only while it is still where it was, with nothing of the mirror left.
   */
  async mirror({ to, options, fault, onStage }: MirrorOrder): Promise<void> {
    const job = `${this.name}-mirror${++this.mirrors}`
    this.options = options
    const moved = await countMoved(this.lab, { from: this.at.path, to }, async () => {
      try {
        await addNodes(this.lab, this.qmp, job, to, this.order.content.sizeBytes, options)
        if (fault === undefined) await this.copy(job, options, onStage)
        else await this.mirrorBadly(job, fault)
      } catch (error) {
        await this.giveUp(job)
        throw error
      }
      if (fault === undefined) await this.pivot(job)
    })
    this.lab.recordCopy(moved)
    const old = this.at.nodes
    this.at = { path: to, nodes: [fault === undefined ? job : this.name, `${job}-storage`] }
    await this.remove(old.filter((node) => !this.at.nodes.includes(node))).catch((error: unknown) => {
      throw new PivotUnknown(`after the pivot: ${messageOf(error)}`, { cause: error })
    })
  }

  /** Resolves once more writes have been acknowledged. Throws when the instance has lost its volume. */
  goOn(): Promise<void> {
    return this.writer.more(WRITES_A_STAGE)
  }

  /** Stops the writer and lets go of the volume. Returns what the volume must hold. */
  async stop(): Promise<Written> {
    this.written ??= this.writer.stop()
    const written = await this.written
    try {
      await this.qmp.execute('block-export-del', { id: this.name, mode: 'hard' })
      await this.remove(this.at.nodes)
    } catch (error) {
      // A daemon that was killed has let go of everything.
      if (error instanceof CommandRefused && this.at.nodes.length > 0) throw error
    }
    this.at = { ...this.at, nodes: [] }
    return written
  }

  /** Copies until the destination follows the source write by write. */
  private async copy(job: string, options: MirrorOptions, onStage: MirrorOrder['onStage']): Promise<void> {
    const writes = this.order.writer !== 'none'
    const { copyMode, targetIsZero, bufBytes } = options
    await this.qmp.execute('blockdev-mirror', {
      'job-id': job,
      device: this.name,
      target: job,
      sync: 'full',
      'auto-dismiss': false,
      ...(copyMode && { 'copy-mode': copyMode }),
      ...(targetIsZero && { 'target-is-zero': true }),
      ...(bufBytes && { 'buf-size': bufBytes }),
      ...((writes || onStage) && { speed: SLOW_BYTES }),
    })
    await this.writer.more(WRITES_A_STAGE)
    await onStage?.('copying')
    if (writes || onStage)
      await this.qmp.execute('block-job-set-speed', { device: job, speed: 0 }).catch((error: unknown) => {
        // A job that has ended meanwhile takes no speed; why it ended is said below.
        if (!(error instanceof CommandRefused)) throw error
      })
    if (
      (await within(
        this.qmp.untilJob(job, 'ready').then(() => true),
        COPY_SECONDS * 1000,
      )) === undefined
    )
      throw new Error(`the mirror was not ready within ${COPY_SECONDS} s`)
    await this.writer.more(WRITES_A_STAGE)
    await onStage?.('ready')
  }

  /** Copies what is there at first, or only a part, and then has the instance go on on the destination. */
  private async mirrorBadly(job: string, fault: MirrorFault): Promise<void> {
    const command = fault === 'forgets-writes' ? 'blockdev-backup' : 'blockdev-mirror'
    const order = { 'job-id': job, device: this.name, target: job, sync: 'full', 'auto-dismiss': false, speed: SLOW_BYTES }
    await this.qmp.execute(command, order)
    await this.writer.more(WRITES_A_STAGE)
    if (fault === 'pivots-early') {
      await this.qmp.execute('job-cancel', { id: job })
      await this.qmp.untilJob(job, 'concluded').catch(() => {})
    } else {
      await this.qmp.execute('block-job-set-speed', { device: job, speed: 0 })
      await this.qmp.untilJob(job, 'concluded')
    }
    await this.qmp.execute('job-dismiss', { id: job })
    await this.writer.more(WRITES_A_STAGE)
    await this.remove([job])
    await this.qmp.execute('blockdev-reopen', { options: [{ driver: 'raw', 'node-name': this.name, file: `${job}-storage` }] })
  }

  /** Ends the mirror under way, as an operator does. */
  async cancel(): Promise<void> {
    await this.qmp.execute('job-cancel', { id: `${this.name}-mirror${this.mirrors}` })
  }

  /** Lets the destination take the source's place. */
  private async pivot(job: string): Promise<void> {
    const isAsked = !this.qmp.ended
    try {
      await this.qmp.execute('job-complete', { id: job })
    } catch (error) {
      if (!isAsked) throw error
      if (!(error instanceof CommandRefused)) throw new PivotUnknown(messageOf(error), { cause: error })
      await this.giveUp(job)
      throw new Error(`QEMU refuses the pivot: ${error.message}`, { cause: error })
    }
    try {
      await this.qmp.untilJob(job, 'concluded')
    } catch (error) {
      if (this.qmp.runs(job)) throw new PivotUnknown(messageOf(error), { cause: error })
      await this.giveUp(job)
      throw error
    }
    await this.qmp.execute('job-dismiss', { id: job })
  }

  /** Ends a mirror that failed: the instance goes on where it was. What is gone with QEMU needs no end. */
  private async giveUp(job: string): Promise<void> {
    try {
      if (this.qmp.runs(job)) {
        await this.qmp.execute('job-cancel', { id: job })
        await within(
          this.qmp.untilJob(job, 'concluded').catch(() => {}),
          CANCEL_SECONDS * 1000,
        )
      }
      await this.qmp.execute('job-dismiss', { id: job }).catch(() => {}) // it may not have begun
      await this.remove([job, `${job}-storage`])
    } catch {
      // The error that led here says more.
    }
  }

  private async remove(nodes: readonly string[]): Promise<void> {
    await Promise.all(nodes.map((node) => this.qmp.execute('blockdev-del', { 'node-name': node })))
  }
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
  const added = await Promise.allSettled([storage, format].map((node) => qmp.execute('blockdev-add', node)))
  for (const outcome of added) {
    if (outcome.status === 'fulfilled') continue
    if (outcome.reason instanceof CommandRefused) throw new NotOpened(outcome.reason.message, { cause: outcome.reason })
    throw outcome.reason
  }
}

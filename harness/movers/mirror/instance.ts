import type { Content } from '../../content/content.ts'
import type { InstanceWriter } from '../../helper/client.ts'
import type { Written } from '../../helper/writer.ts'
import type { Lab } from '../../lab/lab.ts'
import type { BytesMoved } from '../../result/evidence.ts'
import type { MirrorOptions, WriterName } from '../../result/mirror.ts'
import { within } from '../../timers.ts'
import { MiB } from '../../units.ts'
import { countMoved } from '../mover.ts'
import type { BlockLayer, Disk, MirrorFault } from './disk.ts'

/** A moment of a mirror, at which a test can intervene. */
export type MirrorStage = 'copying' | 'ready'

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
  private readonly disk: Disk
  /** The version of QEMU. */
  readonly qemu: string
  /** The version of the libvirt that drives it. */
  readonly libvirt: string | undefined
  /** The options of its last mirror. */
  options: MirrorOptions = {}
  private path: string
  private readonly writes: boolean
  private readonly writer: InstanceWriter
  private written: Promise<Written> | undefined
  private closed = false

  private constructor(lab: Lab, { version, libvirt }: BlockLayer, disk: Disk, order: InstanceOrder, writer: InstanceWriter) {
    this.lab = lab
    this.disk = disk
    this.qemu = version
    this.libvirt = libvirt
    this.path = order.path
    this.writes = order.writer !== 'none'
    this.writer = writer
  }

  /** Starts one, which ends with the lab at the latest. Its first writes are acknowledged before this resolves. */
  static async start(lab: Lab, layer: BlockLayer, order: InstanceOrder): Promise<Instance> {
    let disk: Disk | undefined
    let instance: Instance | undefined
    return lab.own(
      `the instance on ${order.path}`,
      async () => {
        disk = await layer.open(lab, order.path, order.content.sizeBytes)
        const { content, writer: name } = order
        const writer = await lab.helper.startWriter({ ...disk.export, content, writer: name, seed: lab.seed })
        instance = new Instance(lab, layer, disk, order, writer)
        await writer.more(WRITES_A_STAGE)
        return instance
      },
      async () => {
        if (instance === undefined) await disk?.close()
        else await instance.stop()
      },
    )
  }

  /**
   * Copies the volume to another path while the writer writes, and goes on there. Throws PivotUnknown when the instance may write there
   * already, and any other error only while it is still where it was, with nothing of the mirror left.
   */
  async mirror({ to, options, fault, onStage }: MirrorOrder): Promise<void> {
    this.options = options
    let moved: BytesMoved
    try {
      const copy = () => (fault === undefined ? this.copy(to, options, onStage) : this.copyBadly(to, fault))
      moved = await countMoved(this.lab, { from: this.path, to }, copy)
    } catch (error) {
      await this.disk.giveUp()
      throw error
    }
    // What is thrown from here on must tell whether the instance is there already.
    if (fault === undefined) await this.disk.pivot()
    this.path = to
    this.lab.recordCopy(moved)
  }

  /** Resolves once more writes have been acknowledged. Throws when the instance has lost its volume. */
  goOn(): Promise<void> {
    return this.writer.more(WRITES_A_STAGE)
  }

  /** Stops the writer and lets go of the volume. Returns what the volume must hold. */
  async stop(): Promise<Written> {
    this.written ??= this.writer.stop()
    try {
      return await this.written
    } finally {
      if (!this.closed) await this.disk.close()
      this.closed = true
    }
  }

  /** Ends the mirror under way, as an operator does. */
  cancel(): Promise<void> {
    return this.disk.cancel()
  }

  private async copyBadly(to: string, fault: MirrorFault): Promise<void> {
    if (this.disk.copyBadly === undefined) throw new Error('this mirror cannot be broken on purpose')
    await this.disk.copyBadly(to, fault, SLOW_BYTES, () => this.goOn())
  }

  /** Copies until the destination follows the source write by write. */
  private async copy(to: string, options: MirrorOptions, onStage: MirrorOrder['onStage']): Promise<void> {
    const slowly = this.writes || onStage !== undefined
    await this.disk.beginMirror(to, options, slowly ? SLOW_BYTES : undefined)
    await this.writer.more(WRITES_A_STAGE)
    await onStage?.('copying')
    if (slowly) await this.disk.copyFast()
    if (
      (await within(
        this.disk.untilReady().then(() => true),
        COPY_SECONDS * 1000,
      )) === undefined
    )
      throw new Error(`the mirror was not ready within ${COPY_SECONDS} s`)
    await this.writer.more(WRITES_A_STAGE)
    await onStage?.('ready')
  }
}

import { setTimeout as sleep } from 'node:timers/promises'
import type { Content } from '../content/content.ts'
import { randomNumbers } from '../content/layouts.ts'
import { writePattern } from '../content/pattern.ts'
import type { RangeMap } from '../content/ranges.ts'
import { nextWrite, type Write, WrittenVolume } from '../content/writes.ts'
import type { WriterName } from '../result/mirror.ts'
import { NbdClient, RequestRefused } from './nbd_client.ts'

/** So many writes are under way at once. */
const DEPTH = 4
/** After so many writes it flushes, as a filesystem does. */
const FLUSH_EVERY = 16
/** The instance does not write as fast as it can: a mirror that copies behind its back would never catch up. */
const PAUSE_MILLISECONDS = 10

export interface WriterOrder {
  /** The path of the NBD server's Unix socket. */
  readonly socket: string
  readonly exportName: string
  /** What the volume holds before the first write. */
  readonly content: Content
  readonly writer: WriterName
  readonly seed: number
}

/** What a writer has done. */
export interface Written {
  /** What the volume must hold now. */
  readonly content: Content
  /** The ranges that any of its writes covered. */
  readonly touched: RangeMap<true>
  readonly acknowledged: number
  /** Why it ended before it was told to; its writes under way may have been carried out. */
  readonly lost?: string
  /** Set with it: whether a request was refused, or the connection went. */
  readonly lostBy?: 'refused' | 'gone'
}

/** Writes to a volume in use over its NBD export, until it is stopped. */
export class Writer {
  private readonly client: NbdClient
  private readonly order: WriterOrder
  private readonly volume: WrittenVolume
  private readonly random: () => number
  private generation = 0
  private stopped = false
  private lost: string | undefined
  private lostBy: 'refused' | 'gone' = 'gone'
  private readonly ended: Promise<unknown>
  private readonly watchers = new Set<() => void>()

  private constructor(client: NbdClient, order: WriterOrder) {
    this.client = client
    this.order = order
    this.volume = new WrittenVolume(order.content)
    this.random = randomNumbers(order.seed)
    this.ended = order.writer === 'none' ? Promise.resolve() : Promise.all(Array.from({ length: DEPTH }, () => this.work()))
  }

  static async start(order: WriterOrder): Promise<Writer> {
    return new Writer(await NbdClient.connect(order.socket, order.exportName), order)
  }

  /** Resolves once so many more writes have been acknowledged; at once if it writes nothing. Throws when it has lost its volume. */
  async more(count: number): Promise<void> {
    const wanted = this.volume.acknowledged + count
    while (this.order.writer !== 'none' && this.volume.acknowledged < wanted) {
      if (this.lost !== undefined) throw new Error(`the instance has lost its volume: ${this.lost}`)
      if (this.stopped) throw new Error('the instance has been stopped')
      await new Promise<void>((resolve) => this.watchers.add(resolve))
    }
  }

  /** Ends the writes under way, flushes, and says what the volume must hold. */
  async stop(): Promise<Written> {
    this.stopped = true
    await this.ended
    if (this.lost === undefined) await this.client.flush().catch((error: unknown) => this.lose(error))
    this.client.close()
    return {
      content: this.volume.content(),
      touched: this.volume.touched(),
      acknowledged: this.volume.acknowledged,
      ...(this.lost !== undefined && { lost: this.lost, lostBy: this.lostBy }),
    }
  }

  private async work(): Promise<void> {
    const { writer, content } = this.order
    while (!this.stopped && this.lost === undefined && writer !== 'none') {
      const write = nextWrite(writer, this.generation + 1, content.sizeBytes, this.random)
      if (this.volume.overlaps(write)) {
        await sleep(PAUSE_MILLISECONDS)
        continue
      }
      this.generation++
      this.volume.begin(write)
      try {
        await this.perform(write)
        this.volume.acknowledge(write)
        if (write.generation % FLUSH_EVERY === 0) await this.client.flush()
      } catch (error) {
        this.lose(error)
      }
      this.tellWatchers()
      await sleep(PAUSE_MILLISECONDS)
    }
  }

  private perform({ kind, offset, length, generation }: Write): Promise<void> {
    if (kind === 'zeros') return this.client.zero(offset, length)
    if (kind === 'discard') return this.client.trim(offset, length)
    const data = Buffer.alloc(length)
    writePattern(data, { kind: 'stamp', tag: this.order.content.tag, generation }, offset)
    return this.client.write(offset, data)
  }

  private lose(error: unknown): void {
    if (this.lost === undefined && error instanceof RequestRefused) this.lostBy = 'refused'
    this.lost ??= error instanceof Error ? error.message : String(error)
    this.tellWatchers()
  }

  private tellWatchers(): void {
    for (const tell of this.watchers) tell()
    this.watchers.clear()
  }
}

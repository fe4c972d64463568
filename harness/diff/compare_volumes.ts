import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { clip, intersect, lengthOf, overlay, type RangeMap, range, scaled, subtract, touched } from '../content/ranges.ts'
import { BrokenLab, messageOf, UsageError } from '../errors.ts'
import { alignedBuffer, PAGE_BYTES } from '../helper/direct_io.ts'
import { inspectPath, type PathInfo } from '../helper/surroundings.ts'
import type { Machine } from '../machine/machine.ts'
import type { ComparedVolume, Diff } from '../result/diff.ts'
import { MiB } from '../units.ts'
import { Differences, dataIn } from './differences.ts'
import { dataOf } from './volume_data.ts'

const PIECE_BYTES = MiB
/** So many pieces are under way at once. */
const DEPTH = 4

export interface DiffOptions {
  /** Reads what is known to be zeros too. */
  readonly readAll?: boolean
  readonly signal: AbortSignal
  /** Is told of the bytes that are done and of all that there are, both sides together. */
  readonly onProgress?: (doneBytes: number, allBytes: number) => void
}

/**
 * Compares two volumes, devices or files, byte by byte, and writes to neither. `runner` runs the commands that tell their holes. Throws
 * UsageError when one of them is no volume, and BrokenLab when one cannot be read to its end.
 */
export async function compareVolumes(
  runner: Pick<Machine, 'run'>,
  sourcePath: string,
  destinationPath: string,
  options: DiffOptions,
): Promise<Diff> {
  const began = performance.now()
  const [one, other] = [lookAt(sourcePath), lookAt(destinationPath)]
  if (identityOf(one) === identityOf(other)) throw new UsageError(`${sourcePath} and ${destinationPath} are the same volume`)
  const source = await Side.open(runner, sourcePath, one, options)
  try {
    const destination = await Side.open(runner, destinationPath, other, options)
    try {
      const compared = await compare(source, destination, options)
      return {
        source: source.asCompared(),
        destination: destination.asCompared(),
        ...compared,
        seconds: (performance.now() - began) / 1000,
      }
    } finally {
      await destination.close()
    }
  } finally {
    await source.close()
  }
}

type Volume = Extract<PathInfo, { kind: 'block' | 'file' }>

function lookAt(path: string): Volume {
  const look = inspectPath(path)
  if (look.kind === 'missing') throw new UsageError(`there is nothing at ${path}: ${look.why}`)
  if (look.kind === 'other') throw new UsageError(`${path} is ${look.what}; give a block device or a file`)
  return look
}

function identityOf(volume: Volume): string {
  return volume.kind === 'block' ? `device ${volume.device}` : `file ${volume.filesystem} ${volume.inode}`
}

/** One of the two volumes, open for reading. */
class Side {
  readonly sizeBytes: number
  /** Where it may hold anything but zeros. */
  readonly data: RangeMap<true>
  private readonly path: string
  private readonly kind: ComparedVolume['kind']
  private readonly holes: string
  private readonly file: FileHandle
  private readonly direct: boolean
  private readBytes = 0

  private constructor(
    path: string,
    volume: Volume,
    file: FileHandle,
    direct: boolean,
    { data, holes }: Awaited<ReturnType<typeof dataOf>>,
  ) {
    this.path = path
    this.kind = volume.kind === 'block' ? 'block device' : 'file'
    this.sizeBytes = volume.sizeBytes
    this.file = file
    this.direct = direct
    this.data = data
    this.holes = holes
  }

  static async open(runner: Pick<Machine, 'run'>, path: string, volume: Volume, { readAll, signal }: DiffOptions): Promise<Side> {
    const { file, direct } = await openForReading(path)
    try {
      // What is written and not flushed may not be mapped yet.
      await file.sync()
      const known = readAll
        ? { data: range<true>(0, volume.sizeBytes, true), holes: 'not asked for' }
        : await dataOf(runner, path, volume, signal)
      return new Side(path, volume, file, direct, known)
    } catch (error) {
      await file.close()
      throw error
    }
  }

  /** Reads a piece into a buffer. The piece begins at a page and ends at one or at the end of the volume. */
  async read(buffer: Uint8Array, at: number, length: number): Promise<Uint8Array> {
    const wanted = Math.ceil(length / PAGE_BYTES) * PAGE_BYTES
    for (let done = 0; done < length; ) {
      const { bytesRead } = await this.file.read(buffer, done, wanted - done, at + done).catch((error: unknown) => {
        throw new BrokenLab(`${this.path} cannot be read at byte ${at + done}: ${messageOf(error)}`, { cause: error })
      })
      if (bytesRead === 0) throw new BrokenLab(`${this.path} ends at byte ${at + done}, before its size of ${this.sizeBytes}`)
      done += bytesRead
    }
    this.readBytes += length
    return buffer.subarray(0, length)
  }

  asCompared(): ComparedVolume {
    const { path, kind, sizeBytes, readBytes, holes, direct } = this
    return { path, kind, sizeBytes, readBytes, holes, direct }
  }

  close(): Promise<void> {
    return this.file.close()
  }
}

/** Opens a volume for reads past the page cache, which would show what a copy meant to write; through it where there is no other way. */
async function openForReading(path: string): Promise<{ file: FileHandle; direct: boolean }> {
  try {
    return { file: await open(path, constants.O_RDONLY | constants.O_DIRECT), direct: true }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'EINVAL') return { file: await open(path, constants.O_RDONLY), direct: false }
    if (code === 'EACCES' || code === 'EPERM') throw new UsageError(`${path} may not be read by this user; run this as root`)
    throw new BrokenLab(`${path} cannot be opened: ${messageOf(error)}`, { cause: error })
  }
}

type Sides = 'both' | 'source' | 'destination'

/** A piece of the volumes, and which of them may hold data there. */
interface Piece {
  readonly at: number
  readonly length: number
  readonly sides: Sides
}

async function compare(source: Side, destination: Side, { signal, onProgress }: DiffOptions) {
  const comparedBytes = Math.min(source.sizeBytes, destination.sizeBytes)
  const larger = source.sizeBytes > comparedBytes ? source : destination.sizeBytes > comparedBytes ? destination : undefined
  const parts = partsOf(source.data, destination.data, comparedBytes)
  const tail = larger === undefined ? [] : wholePages(larger.data, comparedBytes - (comparedBytes % PAGE_BYTES), larger.sizeBytes)
  const allBytes = parts.reduce((sum, { from, to, value }) => sum + bytesRead(to - from, value), 0) + lengthOf(tail)
  let doneBytes = 0
  const advance = (bytes: number) => {
    doneBytes += bytes
    onProgress?.(doneBytes, allBytes)
  }
  const slots = Array.from({ length: DEPTH }, () => ({ one: alignedBuffer(PIECE_BYTES), other: alignedBuffer(PIECE_BYTES) }))
  const zeros = new Uint8Array(PIECE_BYTES)

  const differences = new Differences()
  await inOrder(
    piecesOf(parts),
    slots,
    signal,
    async ({ at, length, sides }, { one, other }) => {
      const nothing = zeros.subarray(0, length)
      const [left, right] = await Promise.all([
        sides === 'destination' ? nothing : source.read(one, at, length),
        sides === 'source' ? nothing : destination.read(other, at, length),
      ])
      return { left, right }
    },
    ({ left, right }, { at, length, sides }) => {
      differences.push(left, right, at)
      advance(bytesRead(length, sides))
    },
  )

  let dataBytes = 0
  let firstDataAt: number | undefined
  if (larger !== undefined)
    await inOrder(
      piecesOf(tail.map((part) => ({ ...part, value: 'both' }))),
      slots,
      signal,
      ({ at, length }, { one }) => larger.read(one, at, length),
      (bytes, { at, length }) => {
        // The tail may begin within a page, which is read whole.
        const skipped = Math.max(0, comparedBytes - at)
        const held = dataIn(bytes.subarray(skipped))
        dataBytes += held.bytes
        if (held.first !== undefined) firstDataAt ??= at + skipped + held.first
        advance(length)
      },
    )

  const ended = differences.end()
  return {
    same: ended.differingBytes === 0 && larger !== source && dataBytes === 0,
    comparedBytes,
    ...ended,
    ...(larger !== undefined && {
      tail: {
        of: larger === source ? ('source' as const) : ('destination' as const),
        sizeBytes: larger.sizeBytes - comparedBytes,
        dataBytes,
        ...(firstDataAt !== undefined && { firstDataAt }),
      },
    }),
  }
}

/** The parts of the first `sizeBytes` bytes in which either volume may hold data. */
function partsOf(source: RangeMap<true>, destination: RangeMap<true>, sizeBytes: number): RangeMap<Sides> {
  const [one, other] = [wholePages(source, 0, sizeBytes), wholePages(destination, 0, sizeBytes)]
  const only = (parts: RangeMap<true>, value: Sides) => parts.map(({ from, to }) => ({ from, to, value }))
  const both = only(intersect(one, other), 'both')
  return overlay(overlay(only(subtract(one, other), 'source'), only(subtract(other, one), 'destination')), both)
}

function bytesRead(length: number, sides: Sides): number {
  return sides === 'both' ? 2 * length : length
}

/** The pages that a map touches between two bytes; the last one may be cut. */
function wholePages(data: RangeMap<true>, from: number, to: number): RangeMap<true> {
  return clip(scaled(touched(clip(data, from, to), PAGE_BYTES), PAGE_BYTES), from, to)
}

function* piecesOf(parts: RangeMap<Sides>): Generator<Piece> {
  for (const { from, to, value: sides } of parts)
    for (let at = from; at < to; at += PIECE_BYTES) yield { at, length: Math.min(PIECE_BYTES, to - at), sides }
}

/** Works on as many items at once as there are slots, each of which serves one item at a time, and uses the results in the order of the items. */
async function inOrder<Item, Slot, Result>(
  items: Iterable<Item>,
  slots: readonly Slot[],
  signal: AbortSignal,
  begin: (item: Item, slot: Slot) => Promise<Result>,
  use: (result: Result, item: Item) => void,
): Promise<void> {
  const free = [...slots]
  const underWay: { item: Item; slot: Slot; result: Promise<Result> }[] = []
  const takeFirst = async () => {
    const [first] = underWay
    if (first === undefined) return
    const result = await first.result
    signal.throwIfAborted()
    use(result, first.item)
    underWay.shift()
    free.push(first.slot)
  }
  try {
    for (const item of items) {
      if (free.length === 0) await takeFirst()
      const slot = free.pop()
      if (slot === undefined) continue
      const result = begin(item, slot)
      result.catch(() => {}) // it may fail before its turn
      underWay.push({ item, slot, result })
    }
    while (underWay.length > 0) await takeFirst()
  } finally {
    // The buffers and the files are in use until the last of them has ended.
    await Promise.allSettled(underWay.map(({ result }) => result))
  }
}

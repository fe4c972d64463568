import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statfsSync,
  statSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { ByteClassifier } from '../content/classify_bytes.ts'
import type { Content } from '../content/content.ts'
import { writePattern } from '../content/pattern.ts'
import { PoisonScanner } from '../content/repoison.ts'
import { writeSignatures } from '../content/signatures.ts'
import { Verifier } from '../content/verify.ts'
import { withZerosBetween } from '../content/writes.ts'
import type { Extent, Verification } from '../result/bytes.ts'
import { MiB, SECTOR_BYTES } from '../units.ts'
import { alignedBuffer, openDirect, PAGE_BYTES } from './direct_io.ts'

const PIECE_BYTES = MiB
/** The number of ranges that fits into an answer. */
const MOST_SURVEYED_RUNS = 10_000

/**
 * Writes a content to a volume. `everywhere` zeroes what the content leaves out too, for volumes that do not read as zero by themselves.
 * `unflushed` leaves all of it in the page cache, as a program does that writes to a file and ends.
 */
export function stampDevice(path: string, content: Content, how: StampMode): { writtenBytes: number } {
  const everywhere = how === 'everywhere'
  const writer = new DeviceWriter(path, how !== 'unflushed')
  const extents = everywhere ? withZerosBetween(content.extents, 0, content.sizeBytes) : content.extents
  const write = (which: Pages) => {
    for (const { offset, length, write } of extents)
      writer.write(which, offset, length, (part, at) => {
        if (write === 'zeros') return void part.fill(0)
        writePattern(part, { kind: 'stamp', tag: content.tag }, at)
        if (content.signatures !== undefined) writeSignatures(part, content.signatures, at)
      })
  }
  try {
    // The rest of a page that is written in part is what was read of it. In a pool that does not zero, that is zeros only as long as
    // nothing else of its chunk was written.
    write('partial')
    if (how !== 'unflushed') writer.flush()
    write('whole')
    if (how !== 'unflushed') writer.flush()
    return { writtenBytes: writer.writtenBytes }
  } finally {
    writer.close()
  }
}

export type StampMode = 'extents' | 'everywhere' | 'unflushed'
type Pages = 'whole' | 'partial'

/**
 * Writes to a device or file: whole pages past the page cache, the rest through it. In a guest that has not used its memory yet, a
 * page in the cache takes five times as long as the write.
 */
class DeviceWriter {
  writtenBytes = 0
  private readonly buffered: number
  /** Undefined where the filesystem takes no direct writes. */
  private readonly direct: number | undefined
  private readonly piece = alignedBuffer(PIECE_BYTES)

  /** Without `direct`, all of it goes through the page cache. */
  constructor(path: string, direct = true) {
    this.buffered = openSync(path, constants.O_WRONLY)
    this.direct = direct ? openDirect(path) : undefined
  }

  /** Writes the whole pages of a range, or those that it covers in part. `fill` makes a part that begins at the byte `at` of the device. */
  write(which: Pages, offset: number, length: number, fill: (part: Uint8Array, at: number) => void): void {
    const end = offset + length
    for (let at = offset; at < end; ) {
      const isWhole = at % PAGE_BYTES === 0 && end - at >= PAGE_BYTES
      const pieceEnd = isWhole
        ? at + Math.min(PIECE_BYTES, end - at - ((end - at) % PAGE_BYTES))
        : Math.min(end, at - (at % PAGE_BYTES) + PAGE_BYTES)
      if (isWhole === (which === 'whole')) {
        const part = this.piece.subarray(0, pieceEnd - at)
        fill(part, at)
        this.writtenBytes += writeAll(isWhole ? (this.direct ?? this.buffered) : this.buffered, part, at)
      }
      at = pieceEnd
    }
  }

  flush(): void {
    fsyncSync(this.buffered)
    if (this.direct !== undefined) fsyncSync(this.direct)
  }

  close(): void {
    closeSync(this.buffered)
    if (this.direct !== undefined) closeSync(this.direct)
  }
}

/**
 * Returns which sides of a copy of so many bytes take O_DIRECT: a device reads and writes whole logical blocks only. A side that cannot be
 * opened at all is left to the mover, which says why.
 */
export function takesDirect(from: string, to: string, bytes: number): { input: boolean; output: boolean } {
  const opens = (path: string, flags: number) => {
    try {
      closeSync(openSync(path, flags | constants.O_DIRECT))
      const stat = statSync(path)
      return !stat.isBlockDevice() || bytes % logicalBlockBytes(sysfsOf(stat.rdev)) === 0
    } catch {
      return false
    }
  }
  return { input: opens(from, constants.O_RDONLY), output: opens(to, constants.O_WRONLY) }
}

/** How much of a volume is also read through the page cache, from its start: a guest's memory is small. */
const CACHED_BYTES = 16 * MiB

/** What must read the same through the page cache as past it: all of a volume, or only what was written to it. */
export type CachedPart = 'all' | 'written' | 'none'

/** What was read past the page cache and, where that was asked for, the first byte that reads otherwise through it. */
export type VerifiedReading = Verification & { readonly cacheDiffersAt?: number }

/**
 * Reads a volume past the page cache, which would show what a copy meant to write rather than what is there, and compares
 * every byte. Throws when the volume is smaller than the content, and with `exact` when it is a file that is larger; else of a
 * larger volume the rest is not looked at. Its first 16 MiB and its end are read through the page cache too, if that is asked for.
 */
export function verifyDevice(path: string, content: Content, exact: boolean, cached: CachedPart): VerifiedReading {
  const copy = cached === 'none' ? undefined : Buffer.alloc(PIECE_BYTES)
  let throughCache: number | undefined
  let cacheDiffersAt: number | undefined
  const isCompared = (offset: number) => cached === 'all' || content.extents.some((extent) => contains(extent, offset))
  const file = openSync(path, constants.O_RDONLY | constants.O_DIRECT)
  const aligned = alignedBuffer(PIECE_BYTES)
  const verifier = new Verifier(content)
  const classifier = new ByteClassifier(content.tag, MOST_SURVEYED_RUNS)
  try {
    if (copy !== undefined) throughCache = openSync(path, constants.O_RDONLY)
    let at = 0
    while (at < content.sizeBytes) {
      const got = readSync(file, aligned, 0, PIECE_BYTES, at)
      if (got === 0) throw new Error(`${path} ends at byte ${at}, before the ${content.sizeBytes} bytes it should have`)
      const wanted = Math.min(got, content.sizeBytes - at)
      const isLast = at + wanted >= content.sizeBytes
      if (throughCache !== undefined && copy !== undefined && cacheDiffersAt === undefined && (at < CACHED_BYTES || isLast)) {
        const part = copy.subarray(0, readSync(throughCache, copy, 0, wanted, at))
        cacheDiffersAt = firstDifference(part, aligned.subarray(0, wanted), at, isCompared)
      }
      verifier.push(aligned.subarray(0, wanted))
      classifier.push(aligned.subarray(0, wanted))
      at += wanted
    }
    if (exact && fstatSync(file).isFile() && fstatSync(file).size !== content.sizeBytes)
      throw new Error(`${path} is ${fstatSync(file).size} bytes long, not ${content.sizeBytes}`)
  } finally {
    closeSync(file)
    if (throughCache !== undefined) closeSync(throughCache)
  }
  const byteClasses = classifier.end()
  return {
    ...verifier.end(),
    ...(byteClasses !== undefined && { byteClasses }),
    ...(cacheDiffersAt !== undefined && { cacheDiffersAt }),
  }
}

/** The first byte in which two readings from a byte of a volume differ, among those that are compared; undefined where they do not. */
function firstDifference(one: Uint8Array, other: Uint8Array, from: number, isCompared: (at: number) => boolean): number | undefined {
  if (Buffer.compare(one, other) === 0) return undefined
  const index = other.findIndex((byte, index) => byte !== one[index] && isCompared(from + index))
  return index === -1 ? undefined : from + index
}

function contains({ offset, length }: Extent, at: number): boolean {
  return offset <= at && at < offset + length
}

function writeAll(file: number, data: Uint8Array, at: number): number {
  let done = 0
  while (done < data.length) done += writeSync(file, data, done, data.length - done, at + done)
  return done
}

/**
 * Poisons again what no longer holds poison, from the byte `from` of a device to its end, past the page cache. Returns the bytes that
 * it wrote.
 */
export function repoisonDevice(path: string, from: number, tag: number): { writtenBytes: number } {
  const writer = new DeviceWriter(path)
  const scanner = new PoisonScanner()
  try {
    forEachPiece(path, from, (piece, at) => {
      for (const { from, to } of scanner.rangesWithoutPoison(piece))
        writer.write('whole', at + from, to - from, (part, offset) => writePattern(part, { kind: 'poison', tag }, offset))
    })
    writer.flush()
    return { writtenBytes: writer.writtenBytes }
  } finally {
    writer.close()
  }
}

/** Returns the offset of the first page that does not hold poison, from the byte `from` of a device to its end; undefined if all do. */
export function firstUnpoisoned(path: string, from: number): number | undefined {
  const scanner = new PoisonScanner()
  let first: number | undefined
  forEachPiece(path, from, (piece, at) => {
    const [found] = first === undefined ? scanner.rangesWithoutPoison(piece) : []
    if (found !== undefined) first = at + found.from
  })
  return first
}

/** Returns the offsets of the sectors of a device that hold the stamp of a volume's sector. Offsets are in bytes. */
export function findStamp(path: string, tag: number, offset: number): number[] {
  const sector = Buffer.alloc(SECTOR_BYTES)
  writePattern(sector, { kind: 'stamp', tag }, offset)
  const found: number[] = []
  forEachPiece(path, 0, (piece, at) => {
    for (let there = 0; there < piece.length; there += SECTOR_BYTES)
      if (sector.equals(piece.subarray(there, there + SECTOR_BYTES))) found.push(at + there)
  })
  return found
}

/** Removes everything in a folder and fills its filesystem with poison, which is read back and removed. Returns the bytes written. */
export function repoisonFolder(folder: string, tag: number): { writtenBytes: number } {
  for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true })
  const path = join(folder, 'poison')
  closeSync(openSync(path, constants.O_CREAT | constants.O_WRONLY))
  try {
    const writer = new DeviceWriter(path)
    try {
      fill(writer, tag)
      writer.flush()
    } finally {
      writer.close()
    }
    const at = firstUnpoisoned(path, 0)
    if (at !== undefined) throw new Error(`${path} holds no poison at byte ${at} just after it was written`)
    return { writtenBytes: writer.writtenBytes }
  } finally {
    rmSync(path)
  }
}

/** Writes poison until there is no room. */
function fill(writer: DeviceWriter, tag: number): void {
  const poison = (part: Uint8Array, at: number) => writePattern(part, { kind: 'poison', tag }, at)
  for (let piece = PIECE_BYTES; piece >= PAGE_BYTES; ) {
    try {
      writer.write('whole', writer.writtenBytes, piece, poison)
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error
      piece /= 2
    }
  }
}

/** Reads a device past the page cache, from the byte `from` to its end. Its size is a whole number of pages. */
function forEachPiece(path: string, from: number, use: (piece: Buffer, at: number) => void): void {
  const file = openSync(path, constants.O_RDONLY | constants.O_DIRECT)
  const aligned = alignedBuffer(PIECE_BYTES)
  try {
    for (let at = from; ; ) {
      const got = readSync(file, aligned, 0, PIECE_BYTES, at)
      if (got === 0) return
      use(Buffer.from(aligned.buffer, 0, got), at)
      at += got
    }
  } finally {
    closeSync(file)
  }
}

/** Returns the bytes read from and written to a block device since it was made; undefined for a file. */
export function transferred(path: string): { readBytes: number; writtenBytes: number } | undefined {
  const stat = statSync(path)
  if (!stat.isBlockDevice()) return undefined
  // Kernel document: admin-guide/iostats, fields 3 and 7.
  const fields = readFileSync(`${sysfsOf(stat.rdev)}/stat`, 'utf8')
    .trim()
    .split(/\s+/)
  return { readBytes: Number(fields[2]) * 512, writtenBytes: Number(fields[6]) * 512 }
}

/** The size of a volume in bytes, and what it takes on its filesystem when it is a file. */
export function measure(path: string): { sizeBytes: number; allocatedBytes: number } {
  const stat = statSync(path)
  if (!stat.isBlockDevice()) return { sizeBytes: stat.size, allocatedBytes: stat.blocks * 512 }
  const sizeBytes = Number(readFileSync(`${sysfsOf(stat.rdev)}/size`, 'utf8')) * 512
  return { sizeBytes, allocatedBytes: sizeBytes }
}

/** The bytes that everything takes on the filesystem of a folder. */
export function takenOnFilesystem(folder: string): number {
  const { bsize, blocks, bfree } = statfsSync(folder)
  return (blocks - bfree) * bsize
}

/** The least that a block device reads or writes, by its folder in sysfs, in bytes. */
export function logicalBlockBytes(folder: string): number {
  return Number(readFileSync(`${folder}/queue/logical_block_size`, 'utf8'))
}

function sysfsOf(rdev: number): string {
  const [major, minor] = [(rdev >>> 8) & 0xfff, (rdev & 0xff) | ((rdev >>> 12) & 0xfff00)]
  return `/sys/dev/block/${major}:${minor}`
}

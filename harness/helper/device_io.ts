import { closeSync, constants, fstatSync, fsyncSync, openSync, readFileSync, readSync, statSync, writeSync } from 'node:fs'
import { ByteClassifier } from '../content/classify_bytes.ts'
import type { Content } from '../content/content.ts'
import { writePattern } from '../content/pattern.ts'
import { Verifier } from '../content/verify.ts'
import type { Extent, Verification } from '../result/bytes.ts'
import { MiB } from '../units.ts'

/** The part of the WebAssembly interface that is used here; its memory is page-aligned, as O_DIRECT wants a buffer. */
declare const WebAssembly: { Memory: new (size: { initial: number }) => { buffer: ArrayBuffer } }

const PIECE_BYTES = MiB
const WASM_PAGE_BYTES = 65536
/** The number of ranges that fits into an answer. */
const MOST_SURVEYED_RUNS = 10_000

/**
 * Writes a content to a volume and flushes it. With `everywhere`, what the content leaves out is zeroed too, for volumes
 * that do not read as zero by themselves.
 */
export function stampDevice(path: string, content: Content, everywhere: boolean): { writtenBytes: number } {
  const file = openSync(path, constants.O_WRONLY)
  const piece = Buffer.alloc(PIECE_BYTES)
  let writtenBytes = 0
  try {
    for (const { offset, length, write } of everywhere ? withZerosBetween(content) : content.extents) {
      for (let at = offset; at < offset + length; at += PIECE_BYTES) {
        const part = piece.subarray(0, Math.min(PIECE_BYTES, offset + length - at))
        if (write === 'data') writePattern(part, { kind: 'stamp', tag: content.tag }, at)
        else part.fill(0)
        writtenBytes += writeAll(file, part, at)
      }
    }
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  return { writtenBytes }
}

/**
 * Reads a volume past the page cache, which would show what a copy meant to write rather than what is there, and compares
 * every byte. Throws when the volume is smaller than the content, and with `exact` when it is a file that is larger; else of a
 * larger volume the rest is not looked at.
 */
export function verifyDevice(path: string, content: Content, exact: boolean): Verification {
  const file = openSync(path, constants.O_RDONLY | constants.O_DIRECT)
  const aligned = new Uint8Array(new WebAssembly.Memory({ initial: PIECE_BYTES / WASM_PAGE_BYTES }).buffer)
  const verifier = new Verifier(content)
  const classifier = new ByteClassifier(content.tag, MOST_SURVEYED_RUNS)
  try {
    let at = 0
    while (at < content.sizeBytes) {
      const got = readSync(file, aligned, 0, PIECE_BYTES, at)
      if (got === 0) throw new Error(`${path} ends at byte ${at}, before the ${content.sizeBytes} bytes it should have`)
      const wanted = Math.min(got, content.sizeBytes - at)
      verifier.push(aligned.subarray(0, wanted))
      classifier.push(aligned.subarray(0, wanted))
      at += wanted
    }
    if (exact && fstatSync(file).isFile() && fstatSync(file).size !== content.sizeBytes)
      throw new Error(`${path} is ${fstatSync(file).size} bytes long, not ${content.sizeBytes}`)
  } finally {
    closeSync(file)
  }
  const byteClasses = classifier.end()
  return { ...verifier.end(), ...(byteClasses !== undefined && { byteClasses }) }
}

function writeAll(file: number, data: Uint8Array, at: number): number {
  let done = 0
  while (done < data.length) done += writeSync(file, data, done, data.length - done, at + done)
  return done
}

function withZerosBetween({ sizeBytes, extents }: Content): Extent[] {
  const all: Extent[] = []
  let end = 0
  for (const extent of extents) {
    if (extent.offset > end) all.push({ offset: end, length: extent.offset - end, write: 'zeros' })
    all.push(extent)
    end = extent.offset + extent.length
  }
  if (end < sizeBytes) all.push({ offset: end, length: sizeBytes - end, write: 'zeros' })
  return all
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

function sysfsOf(rdev: number): string {
  const [major, minor] = [(rdev >>> 8) & 0xfff, (rdev & 0xff) | ((rdev >>> 12) & 0xfff00)]
  return `/sys/dev/block/${major}:${minor}`
}

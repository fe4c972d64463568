import {
  contained,
  filled,
  intersect,
  lengthOf,
  overlay,
  type RangeMap,
  range,
  scaled,
  shifted,
  subtract,
  touched,
} from '../content/ranges.ts'
import type { ByteClass } from '../result/bytes.ts'
import { KiB } from '../units.ts'

/** The unit in which the page cache reads and writes, and ext4 allocates. */
export const PAGE_BYTES = 4 * KiB
/** The bytes at the start of a new thick volume that lvcreate zeroes (--wipesignatures and --zero). */
export const WIPED_BYTES = 4 * KiB

/** The model of a volume, which changes as the volume would. Offsets and sizes are in bytes. */
export interface ModelVolume {
  readonly sizeBytes: number
  /** The class of every byte. */
  read(): RangeMap<ByteClass>
  write(content: RangeMap<ByteClass>): void
  /** Discards bytes. Returns false, without a change, if the volume does not take discards. */
  discard(bytes: RangeMap<unknown>): boolean
  /** The ranges that have storage. The last chunk may reach past the end. */
  mapped(): RangeMap<true>
}

/** Writes as the page cache does: it reads pages that are written in part first. Returns the size of the pages. */
export function writeBuffered(volume: ModelVolume, content: RangeMap<ByteClass>): number {
  if (content.length === 0) return 0
  const pages = intersect(scaled(touched(content, PAGE_BYTES), PAGE_BYTES), range(0, volume.sizeBytes, true))
  volume.write(overlay(intersect(volume.read(), pages), content))
  return lengthOf(pages)
}

/** A thick volume. Bytes that were not written hold what its storage held. */
export class ThickVolume implements ModelVolume {
  readonly sizeBytes: number
  private content: RangeMap<ByteClass>

  constructor(sizeBytes: number) {
    this.sizeBytes = sizeBytes
    this.content = filled(range<ByteClass>(0, Math.min(WIPED_BYTES, sizeBytes), 'zero'), 0, sizeBytes, 'stale')
  }

  read(): RangeMap<ByteClass> {
    return this.content
  }

  write(content: RangeMap<ByteClass>): void {
    this.content = overlay(this.content, content)
  }

  /** A thick volume passes discards to its device, and the devices of holeproof take none. */
  discard(): boolean {
    return false
  }

  mapped(): RangeMap<true> {
    return range(0, this.sizeBytes, true)
  }
}

/** A file. Its holes read as zero, and so does storage that was only reserved. */
export class FileVolume implements ModelVolume {
  readonly sizeBytes: number
  private content: RangeMap<ByteClass> = []
  private allocated: RangeMap<true>

  constructor(sizeBytes: number, { reserved }: { reserved: boolean }) {
    this.sizeBytes = sizeBytes
    this.allocated = range(0, reserved ? sizeBytes : 0, true)
  }

  read(): RangeMap<ByteClass> {
    return filled(this.content, 0, this.sizeBytes, 'zero')
  }

  write(content: RangeMap<ByteClass>): void {
    this.content = overlay(this.content, content)
    this.allocated = overlay(this.allocated, scaled(touched(content, PAGE_BYTES), PAGE_BYTES))
  }

  /** Makes holes: what is freed reads as zero. Pages that are covered in part keep their storage. */
  punch(bytes: RangeMap<unknown>): void {
    this.content = subtract(this.content, bytes)
    this.allocated = subtract(this.allocated, scaled(contained(bytes, PAGE_BYTES), PAGE_BYTES))
  }

  /** Whether the file is holes, but for its first `headBytes`, which read as zeros. */
  isZeroAtSight(headBytes: number): boolean {
    const written = scaled(touched(this.content, PAGE_BYTES), PAGE_BYTES)
    return subtract(written, range(0, headBytes, true)).length === 0 && this.content.every(({ value }) => value === 'zero')
  }

  /** Empties the file and frees its storage, as dd does without conv=notrunc. */
  truncate(): void {
    this.content = []
    this.allocated = []
  }

  discard(): boolean {
    return false
  }

  mapped(): RangeMap<true> {
    return this.allocated
  }
}

/** A LUKS device. Bytes that were not written through it decrypt to noise, whatever lies below. */
export class CryptVolume implements ModelVolume {
  readonly sizeBytes: number
  private readonly below: ModelVolume
  private readonly headerBytes: number
  private content: RangeMap<ByteClass> = []

  constructor(below: ModelVolume, headerBytes: number) {
    this.below = below
    this.headerBytes = headerBytes
    this.sizeBytes = below.sizeBytes - headerBytes
  }

  read(): RangeMap<ByteClass> {
    return filled(this.content, 0, this.sizeBytes, 'noise')
  }

  write(content: RangeMap<ByteClass>): void {
    this.content = overlay(this.content, content)
    this.below.write(shifted(content, this.headerBytes))
  }

  /** dm-crypt passes discards down only if it is allowed to, and discarded bytes then read as noise; see cryptsetup-open(8). */
  discard(): boolean {
    return false
  }

  /** The mapped ranges of the device below after its header, in offsets of this device. */
  mapped(): RangeMap<true> {
    return shifted(subtract(this.below.mapped(), range(0, this.headerBytes, true)), -this.headerBytes)
  }
}

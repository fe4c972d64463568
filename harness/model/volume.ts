import { filled, intersect, lengthOf, overlay, type RangeMap, range, scaled, shifted, subtract, touched } from '../content/ranges.ts'
import type { ByteClass } from '../result/bytes.ts'
import { KiB } from '../units.ts'

/** What the kernel's page cache reads and writes at once, and what ext4 allocates. */
export const PAGE_BYTES = 4 * KiB
/** lvcreate(8), --wipesignatures and --zero: so much of a new thick volume is zeroed, from its start. */
export const WIPED_BYTES = 4 * KiB

/** A volume as the model sees it. Offsets and sizes are in bytes; a model of a volume changes as the volume would. */
export interface ModelVolume {
  readonly sizeBytes: number
  /** What a reader finds, of every byte. */
  read(): RangeMap<ByteClass>
  write(content: RangeMap<ByteClass>): void
  /** Whether the volume takes discards; one that does not changes nothing. */
  discard(bytes: RangeMap<unknown>): boolean
  /** What has storage. The last chunk may reach past the end. */
  mapped(): RangeMap<true>
}

/** Writes as the page cache does: pages that are written in part are read first. Returns how many bytes the pages have. */
export function writeBuffered(volume: ModelVolume, content: RangeMap<ByteClass>): number {
  if (content.length === 0) return 0
  const pages = intersect(scaled(touched(content, PAGE_BYTES), PAGE_BYTES), range(0, volume.sizeBytes, true))
  volume.write(overlay(intersect(volume.read(), pages), content))
  return lengthOf(pages)
}

/** A thick volume: what it has not been written holds what its storage held. */
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

  /** What a discard does to a thick volume is its device's affair; holeproof's give none. */
  discard(): boolean {
    return false
  }

  mapped(): RangeMap<true> {
    return range(0, this.sizeBytes, true)
  }
}

/** A file: its holes read as zero, and so does what was only reserved. */
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

  /** Opened without conv=notrunc, a file loses what it held and all its storage. */
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

/** A LUKS device: what was not written through it decrypts to noise, whatever lies below. */
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

  /** cryptsetup-open(8): not passed down unless it is allowed, and then what is discarded reads as noise. */
  discard(): boolean {
    return false
  }

  /** Of the device below, behind the header, by offsets of this device. */
  mapped(): RangeMap<true> {
    return shifted(subtract(this.below.mapped(), range(0, this.headerBytes, true)), -this.headerBytes)
  }
}

import {
  clip,
  contained,
  filled,
  filterRanges,
  intersect,
  joined,
  lengthOf,
  overlay,
  type Range,
  type RangeMap,
  range,
  scaled,
  subtract,
  toMask,
  touched,
} from '../content/ranges.ts'
import type { ByteClass } from '../result/bytes.ts'
import type { ThinPoolSpec } from '../result/copy.ts'
import { SECTOR_BYTES } from '../units.ts'
import type { ModelVolume } from './volume.ts'

/** A thin pool of dm-thin. Each chunk of its volumes has a block, which volumes may share. See the kernel's thin-provisioning document. */
export class ThinPool {
  readonly spec: ThinPoolSpec
  /** The number of volumes that map each block. */
  private uses: RangeMap<number> = []
  private nextBlock = 0

  constructor(spec: ThinPoolSpec) {
    this.spec = spec
  }

  usedBytes(): number {
    return lengthOf(this.uses) * this.spec.chunkBytes
  }

  /** Gives chunks new blocks. The value of a range is block minus chunk, so that neighbours join. */
  allocate(chunks: RangeMap<unknown>): RangeMap<number> {
    const map = chunks.map(({ from, to }): Range<number> => {
      const block = this.nextBlock
      this.nextBlock += to - from
      return { from, to, value: block - from }
    })
    this.count(map, 1)
    return joined(map)
  }

  share(map: RangeMap<number>): void {
    this.count(map, 1)
  }

  release(map: RangeMap<number>): void {
    this.count(map, -1)
  }

  /** The chunks of a map whose blocks another volume maps too. */
  shared(map: RangeMap<number>): RangeMap<number> {
    if (this.uses.every(({ value }) => value === 1)) return []
    return joined(
      map.flatMap(({ from, to, value }) =>
        intersect(
          filterRanges(this.uses, (uses) => uses > 1),
          range(from + value, to + value, true),
        ).map((part) => ({ from: part.from - value, to: part.to - value, value })),
      ),
    )
  }

  private count(map: RangeMap<number>, by: 1 | -1): void {
    for (const { from, to, value } of map) {
      const blocks = range(from + value, to + value, 0)
      const counted = filled(this.uses, from + value, to + value, 0).map((part) => ({ ...part, value: part.value + by }))
      const rest = subtract(this.uses, blocks)
      this.uses = overlay(
        rest,
        counted.filter((part) => part.value > 0),
      )
    }
  }
}

/** More sectors than a chunk of dm-thin has, and a power of two. */
const MASKED_SECTORS = 2 ** 22

/**
 * Splits discards into the requests that the kernel makes of them (bio_discard_limit in its block/blk-lib.c). The first one ends where
 * the next chunk begins, but rounded as only powers of two may be: with other chunks it can end within one, which then stays mapped.
 */
function discardRequests(bytes: RangeMap<unknown>, chunkBytes: number): RangeMap<true> {
  return bytes.flatMap(({ from, to }) => {
    const last = from / SECTOR_BYTES - 1
    const low = last % MASKED_SECTORS
    const cut = from === 0 ? to : Math.min(to, (last - low + (low | (chunkBytes / SECTOR_BYTES - 1)) + 1) * SECTOR_BYTES)
    return [...range<true>(from, cut, true), ...range<true>(cut, to, true)]
  })
}

/** The device that shows through a thin volume where it has no chunk of its own. */
export interface ExternalOrigin {
  readonly sizeBytes: number
  readonly content: RangeMap<ByteClass>
}

export class ThinVolume implements ModelVolume {
  readonly sizeBytes: number
  private readonly pool: ThinPool
  private readonly origin: RangeMap<ByteClass>
  private readonly originBytes: number
  private chunks: RangeMap<number> = []
  private content: RangeMap<ByteClass> = []

  constructor(pool: ThinPool, sizeBytes: number, origin?: ExternalOrigin) {
    this.pool = pool
    this.sizeBytes = sizeBytes
    this.originBytes = origin?.sizeBytes ?? 0
    this.origin = clip(origin?.content ?? [], 0, Math.min(this.originBytes, sizeBytes))
  }

  read(): RangeMap<ByteClass> {
    return overlay(filled(this.origin, 0, this.sizeBytes, 'zero'), clip(this.content, 0, this.sizeBytes))
  }

  write(content: RangeMap<ByteClass>): void {
    const { chunkBytes } = this.pool.spec
    const chunks = touched(content, chunkBytes)
    const fresh = subtract(chunks, this.chunks)
    const shared = this.pool.shared(intersect(this.chunks, chunks))
    this.content = overlay(overlay(this.content, this.around(fresh)), content)
    this.pool.release(shared)
    this.chunks = overlay(this.chunks, this.pool.allocate(toMask(overlay(fresh, toMask(shared)))))
  }

  /** The bytes of new chunks around those written to them. The kernel does not prepare a chunk that is written whole. */
  private around(fresh: RangeMap<unknown>): RangeMap<ByteClass> {
    const { chunkBytes, zeroing } = this.pool.spec
    const bytes = scaled(toMask(fresh), chunkBytes)
    const filling: ByteClass = zeroing ? 'zero' : 'stale'
    const prepared = bytes.map(({ from, to }): Range<ByteClass> => ({ from, to, value: filling }))
    if (this.originBytes === 0) return prepared
    // The kernel copies a chunk that the origin reaches into. Only a pool that zeroes clears the part past the origin's end.
    const reached = scaled(touched(range(0, this.originBytes, true), chunkBytes), chunkBytes)
    const copied = intersect(filled(this.origin, 0, this.originBytes, 'zero'), intersect(bytes, reached))
    return overlay(prepared, copied)
  }

  discard(bytes: RangeMap<unknown>): boolean {
    const { chunkBytes, discards } = this.pool.spec
    if (!discards) return false
    const gone = intersect(this.chunks, joined(discardRequests(bytes, chunkBytes).flatMap((request) => contained([request], chunkBytes))))
    this.pool.release(gone)
    this.chunks = subtract(this.chunks, gone)
    this.content = subtract(this.content, scaled(gone, chunkBytes))
    return true
  }

  mapped(): RangeMap<true> {
    return scaled(toMask(this.chunks), this.pool.spec.chunkBytes)
  }

  /** A volume that shares all chunks with this one until either is written. */
  snapshot(): ThinVolume {
    const made = new ThinVolume(this.pool, this.sizeBytes, { sizeBytes: this.originBytes, content: this.origin })
    made.chunks = this.chunks
    made.content = this.content
    this.pool.share(this.chunks)
    return made
  }

  remove(): void {
    this.pool.release(this.chunks)
    this.chunks = []
    this.content = []
  }
}

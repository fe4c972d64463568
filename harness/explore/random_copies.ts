import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { LUKS_HEADER_BYTES } from '../block/crypt.ts'
import { EXTENT_BYTES } from '../block/volume_group.ts'
import { optionSets } from '../movers/mirror/options.ts'
import type { Extent } from '../result/bytes.ts'
import type { CopyCase, CopySpec, Prior, StorageSpec } from '../result/copy.ts'
import { type MirrorOptions, type WriterName, writerSchema } from '../result/mirror.ts'
import { KiB, MiB, SECTOR_BYTES } from '../units.ts'

const MOST_BYTES = 16 * MiB

const KINDS = ['thin', 'thick', 'file'] as const
const PRIORS = ['new', 'used', 'snapshot', 'external-origin', 'reserved'] as const
const HOWS = ['full', 'sparse', 'mapped', 'zero-out-then-sparse', 'discard-then-sparse', 'full-then-discard'] as const
const MIRRORS = Object.keys(optionSets) as (keyof typeof optionSets)[]
/** QEMU opens past the page cache, and takes no file that ends within a page. */
const PAGE_BYTES = 4 * KiB
/** What a writer needs to have room for its writes. */
const LEAST_IN_USE_BYTES = MiB
const CHUNKS = [64, 128, 192, 256, 512, 1024, 2048].map((kib) => kib * KiB)
const BLOCKS = [4, 16, 64, 192, 256, 1024, 4096].map((kib) => kib * KiB)

/**
 * A copy by independent parts, of which some may mean nothing together: any value of each part gives a copy, so that each can
 * be made simpler on its own.
 */
export interface CaseParts {
  readonly sectors: number
  readonly sourceKind: (typeof KINDS)[number]
  readonly sourceChunk: number
  readonly extents: readonly Extent[]
  readonly kind: (typeof KINDS)[number]
  readonly chunk: number
  readonly zeroing: boolean
  readonly discards: boolean
  /** LVM extents that the destination has more than it needs. */
  readonly larger: number
  readonly crypt: boolean
  readonly prior: (typeof PRIORS)[number]
  readonly priorExtents: readonly Extent[]
  /** LVM extents of an external origin. */
  readonly origin: number
  readonly how: (typeof HOWS)[number] | 'mirror'
  readonly mirror: keyof typeof optionSets
  readonly writer: WriterName
  readonly block: number
  readonly keepsFile: boolean
}

/** The first value of each part is the simplest. */
const byte = (grain: number) => fc.nat(MOST_BYTES / grain - 1).map((at) => at * grain)
// A value that only the first alternative could make is simplified as well, because it stands for any number.
const offset = fc.oneof(fc.nat(MOST_BYTES - 1), byte(SECTOR_BYTES), byte(4 * KiB), byte(64 * KiB), byte(MiB))
const length = fc.oneof(
  fc.integer({ min: 1, max: 2 * MiB }),
  ...[1, SECTOR_BYTES, 4 * KiB, 64 * KiB, MiB].map((bytes) => fc.constant(bytes)),
)
const extents = (most: number) =>
  fc.array(fc.record({ offset, length, write: fc.constantFrom('data' as const, 'data' as const, 'zeros' as const) }), { maxLength: most })

export const caseParts: fc.Arbitrary<CaseParts> = fc.record({
  sectors: fc.oneof(
    fc.integer({ min: 1, max: MOST_BYTES / SECTOR_BYTES }),
    fc.integer({ min: 1, max: 16 }).map((mib) => mib * 2048),
  ),
  sourceKind: fc.constantFrom(...KINDS),
  sourceChunk: fc.constantFrom(...CHUNKS),
  extents: extents(12),
  kind: fc.constantFrom('thin', ...KINDS),
  chunk: fc.constantFrom(...CHUNKS),
  zeroing: fc.constantFrom(true, false),
  discards: fc.constantFrom(true, false),
  larger: fc.constantFrom(0, 0, 1, 2),
  crypt: fc.constantFrom(false, false, false, false, true),
  prior: fc.constantFrom('new', ...PRIORS),
  priorExtents: extents(6),
  origin: fc.integer({ min: 1, max: 4 }),
  how: fc.constantFrom('full', 'sparse', 'sparse', ...HOWS),
  mirror: fc.constant('nova' as const),
  writer: fc.constant('none' as const),
  block: fc.constantFrom(...BLOCKS),
  keepsFile: fc.constantFrom(false, true),
})

/** Copies of volumes in use, by QEMU's mirror. */
export const liveParts: fc.Arbitrary<CaseParts> = fc
  .tuple(caseParts, fc.constantFrom(...MIRRORS), fc.constantFrom(...writerSchema.options))
  .map(([parts, mirror, writer]) => ({ ...parts, how: 'mirror', mirror, writer }))

/** The copy of some parts; what does not go together gives way to what is simplest. */
export function toCopyCase(parts: CaseParts): CopyCase {
  const sizeBytes = sizeOf(parts)
  const isFile = parts.kind === 'file'
  const chunkBytes = parts.chunk
  // A chunk across the end of the header may be mapped by it.
  const crypt = parts.crypt && !isFile && LUKS_HEADER_BYTES % chunkBytes === 0
  const wholeExtents = Math.ceil(sizeBytes / EXTENT_BYTES)
  const lvmBytes = (wholeExtents + parts.larger) * EXTENT_BYTES
  const deviceBytes = isFile ? sizeBytes : lvmBytes + (crypt ? LUKS_HEADER_BYTES : 0)
  return {
    sizeBytes,
    source: {
      storage: storageOf(parts.sourceKind, parts.sourceChunk, true, true),
      sizeBytes: parts.sourceKind === 'file' ? sizeBytes : wholeExtents * EXTENT_BYTES,
      extents: tidy(parts.extents, sizeBytes),
    },
    destination: {
      storage: storageOf(parts.kind, chunkBytes, parts.zeroing, parts.discards),
      sizeBytes: deviceBytes,
      prior: crypt ? { kind: 'new' } : priorOf(parts, deviceBytes),
      ...(crypt && { cryptHeaderBytes: LUKS_HEADER_BYTES }),
    },
    copy: copyOf(parts, crypt),
  }
}

function sizeOf({ sectors, how }: CaseParts): number {
  const bytes = sectors * SECTOR_BYTES
  return how === 'mirror' ? Math.max(LEAST_IN_USE_BYTES, Math.ceil(bytes / PAGE_BYTES) * PAGE_BYTES) : bytes
}

/** The parts of a copy that came from elsewhere, to look for a simpler one. */
export function toParts({ sizeBytes, source, destination, copy }: CopyCase): CaseParts {
  const { storage, prior } = destination
  const thin = storage.kind === 'thin' ? storage : undefined
  const deviceBytes = destination.sizeBytes - (destination.cryptHeaderBytes ?? 0)
  return {
    sectors: sizeBytes / SECTOR_BYTES,
    sourceKind: source.storage.kind,
    sourceChunk: source.storage.kind === 'thin' ? source.storage.chunkBytes : 64 * KiB,
    extents: source.extents,
    kind: storage.kind,
    chunk: thin?.chunkBytes ?? 64 * KiB,
    zeroing: thin?.zeroing ?? true,
    discards: thin?.discards ?? true,
    larger: Math.max(0, Math.floor(deviceBytes / EXTENT_BYTES) - Math.ceil(sizeBytes / EXTENT_BYTES)),
    crypt: destination.cryptHeaderBytes !== undefined,
    prior: prior.kind,
    priorExtents: 'extents' in prior ? prior.extents : [],
    origin: prior.kind === 'external-origin' ? prior.originBytes / EXTENT_BYTES : 1,
    how: copy.how,
    mirror: (copy.how === 'mirror' && MIRRORS.find((name) => isDeepStrictEqual(optionSets[name], copy.options))) || 'nova',
    writer: (copy.how === 'mirror' && copy.writer) || 'none',
    block: 'blockBytes' in copy ? copy.blockBytes : MiB,
    keepsFile: 'keepsFile' in copy && copy.keepsFile === true,
  }
}

function storageOf(kind: CaseParts['kind'], chunkBytes: number, zeroing: boolean, discards: boolean): StorageSpec {
  return kind === 'thin' ? { kind, chunkBytes, zeroing, discards } : { kind }
}

function priorOf({ kind, prior, priorExtents, origin }: CaseParts, deviceBytes: number): Prior {
  const isThin = kind === 'thin'
  const old = (bytes: number) => tidy(priorExtents.map(wholeSectors), bytes)
  if (prior === 'used' || (prior === 'snapshot' && isThin)) return { kind: prior, extents: old(deviceBytes) }
  if (prior === 'external-origin' && isThin) {
    const originBytes = Math.min(origin * EXTENT_BYTES, deviceBytes)
    return { kind: prior, originBytes, extents: old(originBytes) }
  }
  return { kind: prior === 'reserved' && kind === 'file' ? 'reserved' : 'new' }
}

/** Another volume's bytes are known for such only where a whole sector of them can be read. */
function wholeSectors({ offset, length, write }: Extent): Extent {
  const down = (bytes: number) => Math.floor(bytes / SECTOR_BYTES) * SECTOR_BYTES
  return { offset: down(offset), length: Math.max(SECTOR_BYTES, down(length)), write }
}

function copyOf({ how, mirror, writer, block, keepsFile, kind, prior, zeroing, sourceKind }: CaseParts, crypt: boolean): CopySpec {
  if (how === 'mirror') {
    const options: MirrorOptions = optionSets[mirror]
    // What a discard frees reads as an origin's bytes, or as the pool's old ones where they are not zeroed: as the instance asked for.
    const shows = options.discard !== undefined && kind === 'thin' && (prior === 'external-origin' || !zeroing)
    const discards = writer === 'zero-and-discard' || writer === 'mixed'
    const gentle = shows && discards ? 'random' : writer
    return { how, options, ...(gentle !== 'none' && { writer: gentle }) }
  }
  // The storage below a thick volume decides whether it takes discards.
  const takesDiscards = kind === 'thin' || (crypt && kind === 'thick')
  if (how === 'mapped') return sourceKind === 'thin' ? { how } : { how: 'sparse', blockBytes: block }
  if (how === 'full' || how === 'sparse') return { how, blockBytes: block, ...(kind === 'file' && keepsFile && { keepsFile }) }
  const possible = how === 'zero-out-then-sparse' ? kind !== 'file' : takesDiscards
  return possible ? { how, blockBytes: block } : { how: how === 'full-then-discard' ? 'full' : 'sparse', blockBytes: block }
}

/** Sorted and disjoint, within a size: of extents that overlap the first in order counts. */
function tidy(extents: readonly Extent[], sizeBytes: number): Extent[] {
  const tidied: Extent[] = []
  let end = 0
  for (const { offset, length, write } of extents.toSorted((one, other) => one.offset - other.offset)) {
    const from = Math.max(offset, end)
    const to = Math.min(offset + length, sizeBytes)
    if (from >= to) continue
    tidied.push({ offset: from, length: to - from, write })
    end = to
  }
  return tidied
}

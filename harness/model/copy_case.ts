import { filterRanges, intersect, joined, type RangeMap, subtract, toMask } from '../content/ranges.ts'
import { BYTE_CLASSES, type ByteClass } from '../result/bytes.ts'
import type { CopyCase, StorageSpec } from '../result/copy.ts'
import { expectedRanges, writtenRanges } from './byte_ranges.ts'
import type { Copied } from './copied.ts'
import { copy } from './copy.ts'
import { ThinPool, ThinVolume } from './thin_pool.ts'
import { CryptVolume, FileVolume, type ModelVolume, ThickVolume, writeBuffered } from './volume.ts'

export interface Prediction {
  /** The class of every byte of the destination after the copy. */
  readonly content: RangeMap<ByteClass>
  /** The ranges that have storage: the source's before the copy, the destination's after it. The last one may reach past the end. */
  readonly sourceMapped: RangeMap<true>
  readonly destinationMapped: RangeMap<true>
  /** Bytes that all volumes take in the destination's thin pool; absent if there is no pool. */
  readonly poolUsedBytes?: number | undefined
  readonly copied: Copied
  /** The bytes of the volume that differ from the source. */
  readonly wrong: RangeMap<ByteClass>
}

export function predict(copyCase: CopyCase): Prediction {
  const { sizeBytes, destination } = copyCase
  const source = makeSource(copyCase.source)
  const { below, volume, pool } = makeDestination(destination)
  const copied = copy(source, volume, sizeBytes, copyCase.copy)
  const content = volume.read()
  return {
    content,
    sourceMapped: source.mapped(),
    destinationMapped: destination.cryptHeaderBytes === undefined ? below.mapped() : volume.mapped(),
    poolUsedBytes: pool?.usedBytes(),
    copied,
    wrong: differing(content, expectedRanges({ sizeBytes, extents: copyCase.source.extents })),
  }
}

/** The part of `content` that differs from `expected`, within the ranges of `expected`. */
export function differing(content: RangeMap<ByteClass>, expected: RangeMap<ByteClass>): RangeMap<ByteClass> {
  const known = intersect(content, toMask(expected))
  const wrong = BYTE_CLASSES.flatMap((byteClass) =>
    subtract(
      known.filter(({ value }) => value === byteClass),
      filterRanges(expected, (value) => value === byteClass),
    ),
  )
  return joined(wrong.sort((one, other) => one.from - other.from))
}

/** The volume as its owner left it. Bytes that did not read as zero by themselves were zeroed. */
export function makeSource({ storage, sizeBytes, extents, reserved = false }: CopyCase['source']): ModelVolume {
  const volume = bareVolume(storage, sizeBytes, reserved)
  writeBuffered(volume, writtenRanges(extents))
  const expected = expectedRanges({ sizeBytes, extents })
  const odd = differing(volume.read(), expected)
  if (odd.length > 0) volume.write(intersect(expected, odd))
  return volume
}

function bareVolume(storage: StorageSpec, sizeBytes: number, reserved: boolean): ModelVolume {
  switch (storage.kind) {
    case 'thin':
      return new ThinVolume(new ThinPool(storage), sizeBytes)
    case 'thick':
      return new ThickVolume(sizeBytes)
    case 'file':
      return new FileVolume(sizeBytes, { reserved })
  }
}

/** The destination before the copy. The driver made `below`; the copy writes to `volume`, which may be an encryption of it. */
export function makeDestination({ storage, sizeBytes, prior, cryptHeaderBytes }: CopyCase['destination']): {
  below: ModelVolume
  volume: ModelVolume
  pool?: ThinPool
} {
  const old = 'extents' in prior ? writtenRanges(prior.extents, 'stale') : []
  const layered = (below: ModelVolume) => (cryptHeaderBytes === undefined ? below : new CryptVolume(below, cryptHeaderBytes))
  if (storage.kind !== 'thin') {
    const below = storage.kind === 'thick' ? new ThickVolume(sizeBytes) : new FileVolume(sizeBytes, { reserved: prior.kind === 'reserved' })
    if (prior.kind === 'used') writeBuffered(below, old)
    return { below, volume: layered(below) }
  }
  const pool = new ThinPool(storage)
  const origin = prior.kind === 'external-origin' ? { sizeBytes: prior.originBytes, content: old } : undefined
  const made = new ThinVolume(pool, sizeBytes, origin)
  if (prior.kind === 'used' || prior.kind === 'snapshot') writeBuffered(made, old)
  const below = prior.kind === 'snapshot' ? made.snapshot() : made
  return { below, volume: layered(below), pool }
}

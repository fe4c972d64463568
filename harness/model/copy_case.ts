import { cover, filterRanges, intersect, joined, type RangeMap, subtract } from '../content/ranges.ts'
import { BYTE_CLASSES, type ByteClass } from '../result/bytes.ts'
import type { CopyCase, StorageSpec } from '../result/copy.ts'
import { expectedRanges, writtenRanges } from './byte_ranges.ts'
import { type Copied, copy } from './copy.ts'
import { ThinPool, ThinVolume } from './thin_pool.ts'
import { CryptVolume, FileVolume, type ModelVolume, ThickVolume, writeBuffered } from './volume.ts'

export interface Prediction {
  /** What reading the destination gives, of every byte of it. */
  readonly content: RangeMap<ByteClass>
  /** What the source and the destination have storage for, before and after. The last chunk may reach past the end. */
  readonly sourceMapped: RangeMap<true>
  readonly destinationMapped: RangeMap<true>
  /** What all volumes take in the destination's thin pool; absent where there is none. */
  readonly poolUsedBytes?: number | undefined
  readonly copied: Copied
  /** Bytes of the volume that are not what the source holds. */
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

/** What of `content` is not as expected, where something is expected. */
export function differing(content: RangeMap<ByteClass>, expected: RangeMap<ByteClass>): RangeMap<ByteClass> {
  const known = intersect(content, cover(expected))
  const wrong = BYTE_CLASSES.flatMap((byteClass) =>
    subtract(
      known.filter(({ value }) => value === byteClass),
      filterRanges(expected, (value) => value === byteClass),
    ),
  )
  return joined(wrong.sort((one, other) => one.from - other.from))
}

/** The volume as its owner left it: what does not read as zero by itself was zeroed. */
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

/** The destination before the copy: `volume` is what is copied to, `below` what the driver made; they differ by an encryption. */
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

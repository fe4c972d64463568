import { clip, contained, filterRanges, intersect, lengthOf, type RangeMap, range, scaled, toMask, touched } from '../content/ranges.ts'
import type { ByteClass } from '../result/bytes.ts'
import type { CopySpec } from '../result/copy.ts'
import { MiB } from '../units.ts'
import type { Copied } from './copied.ts'
import { mirror } from './mirror.ts'
import { FileVolume, type ModelVolume, writeBuffered } from './volume.ts'

/** The blocks in which a dd of its own copies each mapped range. */
const RANGE_BLOCK_BYTES = MiB

/** Copies the first `sizeBytes` of one volume to another. */
export function copy(from: ModelVolume, to: ModelVolume, sizeBytes: number, spec: CopySpec): Copied {
  const content = clip(from.read(), 0, sizeBytes)
  const everything = range(0, sizeBytes, true)
  switch (spec.how) {
    case 'full':
      return dd(content, to, everything, sizeBytes, spec)
    case 'sparse':
      return dd(content, to, dataBlocks(content, sizeBytes, spec.blockBytes), sizeBytes, spec)
    case 'mapped': {
      const mapped = clip(from.mapped(), 0, sizeBytes)
      let writtenBytes = 0
      for (const part of mapped) writtenBytes += writeWholeAndRest(to, clip(content, part.from, part.to), part, RANGE_BLOCK_BYTES)
      return { readBytes: lengthOf(mapped), writtenBytes, written: mapped }
    }
    case 'mirror':
      return mirror(content, from, to, sizeBytes, spec)
    case 'zero-out-then-sparse':
      to.write(range<ByteClass>(0, to.sizeBytes, 'zero'))
      return dd(content, to, dataBlocks(content, sizeBytes, spec.blockBytes), sizeBytes, spec)
    case 'discard-then-sparse':
      if (!to.discard(range(0, to.sizeBytes, true))) return { readBytes: 0, writtenBytes: 0, written: [], refused: 'discard' }
      return dd(content, to, dataBlocks(content, sizeBytes, spec.blockBytes), sizeBytes, spec)
    case 'full-then-discard': {
      const copied = dd(content, to, everything, sizeBytes, spec)
      const zeros = contained(
        filterRanges(content, (byteClass) => byteClass === 'zero'),
        spec.blockBytes,
      )
      if (zeros.length > 0 && !to.discard(scaled(zeros, spec.blockBytes))) return { ...copied, refused: 'discard' }
      return copied
    }
  }
}

/** Writes blocks as dd does: whole ones directly, and a short last one through the page cache. */
function dd(
  content: RangeMap<ByteClass>,
  to: ModelVolume,
  blocks: RangeMap<unknown>,
  sizeBytes: number,
  { blockBytes, keepsFile = false }: { readonly blockBytes: number; readonly keepsFile?: boolean | undefined },
): Copied {
  if (to instanceof FileVolume && !keepsFile) to.truncate()
  const written = intersect(content, blocks)
  return {
    readBytes: sizeBytes,
    writtenBytes: writeWholeAndRest(to, written, { from: 0, to: sizeBytes }, blockBytes),
    written: toMask(written),
  }
}

/** Writes whole blocks of a range past the page cache and a short last one through it. Returns the bytes that reach the device. */
function writeWholeAndRest(
  to: ModelVolume,
  content: RangeMap<ByteClass>,
  whole: { readonly from: number; readonly to: number },
  blockBytes: number,
): number {
  const restFrom = whole.to - ((whole.to - whole.from) % blockBytes)
  const blocks = clip(content, whole.from, restFrom)
  to.write(blocks)
  return lengthOf(blocks) + writeBuffered(to, clip(content, restFrom, whole.to))
}

/** The blocks that hold a byte other than zero, as byte ranges. */
function dataBlocks(content: RangeMap<ByteClass>, sizeBytes: number, blockBytes: number): RangeMap<true> {
  const blocks = touched(
    filterRanges(content, (byteClass) => byteClass !== 'zero'),
    blockBytes,
  )
  return clip(scaled(blocks, blockBytes), 0, sizeBytes)
}

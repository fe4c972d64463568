import type { ClassRange, Extent, MappedRange } from '../../result/bytes.ts'
import type { CellResult } from '../../result/cell.ts'
import type { CopyResult } from '../../result/copy.ts'
import { type Kind, type MapRow, type Stretch, withUnmapped } from './downsample.ts'

/** The data that a picture of one copy is drawn from. Sizes in bytes. */
export interface BlockMap {
  /** The size of the copied volume. A larger destination goes on past its end. */
  readonly volumeBytes: number
  /** The size of everything that is drawn. */
  readonly sizeBytes: number
  readonly source?: MapRow
  readonly destination?: MapRow
  /** All that is known of the copy, in its order: the source, the copy, the destination as predicted and as measured. */
  readonly rows: readonly MapRow[]
}

export function mapOfCell({ sizeBytes, extents, evidence, prediction }: CellResult): BlockMap {
  return blockMap(sizeBytes, {
    extents,
    sourceMapped: evidence?.before.mapped,
    written: prediction?.written,
    predicted: prediction?.content,
    predictedMapped: prediction?.destinationMapped,
    // If the migration did not take place, the source was read instead.
    content: evidence?.outcome === 'migrated' ? evidence.verification?.byteClasses : undefined,
    mapped: evidence?.after?.mapped,
  })
}

export function mapOfCopy({ copyCase, seen }: CopyResult): BlockMap {
  return blockMap(copyCase.sizeBytes, {
    extents: copyCase.source.extents,
    sourceMapped: undefined,
    written: seen?.written,
    predicted: seen?.predicted,
    predictedMapped: seen?.predictedMapped,
    content: seen?.content,
    mapped: seen?.mapped,
  })
}

interface Parts {
  readonly extents: readonly Extent[] | undefined
  readonly sourceMapped: readonly MappedRange[] | undefined
  readonly written: readonly MappedRange[] | undefined
  readonly predicted: readonly ClassRange[] | undefined
  readonly predictedMapped: readonly MappedRange[] | undefined
  readonly content: readonly ClassRange[] | undefined
  readonly mapped: readonly MappedRange[] | undefined
}

function blockMap(volumeBytes: number, parts: Parts): BlockMap {
  const { extents, sourceMapped, written, predicted, predictedMapped, content, mapped } = parts
  const source = extents && row('source', contentOf(writtenBy(extents, volumeBytes), sourceMapped), 'unmapped')
  const destination = content && row('destination', contentOf(content, mapped), 'unmapped')
  const rows = [
    source,
    written && row('the copy', named(written, 'copied'), 'skipped'),
    predicted && row('predicted', contentOf(predicted, mapped && predictedMapped), 'unmapped'),
    destination,
    mapped && predictedMapped && row('storage, predicted', named(predictedMapped, 'mapped'), 'unmapped'),
    mapped && row('storage', named(mapped, 'mapped'), 'unmapped'),
  ].filter((some) => some !== undefined)
  return {
    volumeBytes,
    // A last chunk may reach past the end, contents do not.
    sizeBytes: Math.max(volumeBytes, predicted?.at(-1)?.to ?? 0, content?.at(-1)?.to ?? 0),
    rows,
    ...(source !== undefined && { source }),
    ...(destination !== undefined && { destination }),
  }
}

function row(name: string, stretches: readonly Stretch[], rest: Kind): MapRow {
  return { name, stretches, rest }
}

function contentOf(content: readonly Stretch[], mapped: readonly MappedRange[] | undefined): readonly Stretch[] {
  return mapped === undefined ? content : withUnmapped(content, mapped)
}

function named(ranges: readonly MappedRange[], value: Kind): Stretch[] {
  return ranges.map(({ from, to }) => ({ from, to, value }))
}

/** The whole volume, as its owner left it. */
function writtenBy(extents: readonly Extent[], sizeBytes: number): Stretch[] {
  const all: Stretch[] = []
  let end = 0
  for (const { offset, length, write } of extents) {
    if (write === 'zeros' || length === 0) continue
    if (offset > end) all.push({ from: end, to: offset, value: 'zero' })
    all.push({ from: offset, to: offset + length, value: 'data' })
    end = offset + length
  }
  if (end < sizeBytes) all.push({ from: end, to: sizeBytes, value: 'zero' })
  return all
}

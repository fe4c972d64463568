import { type Content, dataBlocks, writtenBlocks } from '../data/content.ts'
import type { CopyMode } from '../movers/mover.ts'

/** How a destination stores what is written to it. */
export type StorageKind = 'thin' | 'thick' | 'file'

/** A volume's mapped bytes as predicted: exact where `least` and `most` are equal. */
export interface MappedPrediction {
  readonly least: number
  readonly most: number
}

/** A filesystem counts its own extent blocks with a file's; a few of them at the sizes used here. */
const FILE_SLACK_BYTES = 64 * 1024

/**
 * What a copy leaves mapped: a full copy everything; a sparse one the blocks of its own size that hold data, whatever the
 * chunk size, as long as chunks divide blocks.
 */
export function predictCopied(content: Content, storage: StorageKind, mode: CopyMode, blockBytes: number): MappedPrediction {
  const all = content.sizeBytes
  if (storage === 'thick') return { least: all, most: all }
  const bytes = mode === 'full' ? all : Math.min(all, dataBlocks(content, blockBytes) * blockBytes)
  return { least: bytes, most: storage === 'file' ? bytes + FILE_SLACK_BYTES : bytes }
}

/** What the owner's own writes map in a thin volume: every chunk that anything was written to. */
export function predictWritten(content: Content, chunkBytes: number): MappedPrediction {
  const bytes = writtenBlocks(content, chunkBytes) * chunkBytes
  return { least: bytes, most: bytes }
}

export function agrees({ least, most }: MappedPrediction, bytes: number): boolean {
  return least <= bytes && bytes <= most
}

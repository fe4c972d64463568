import type { Amount } from '../result/forecast.ts'
import { KiB, MiB } from '../units.ts'

/** The unit in which a thin pool's metadata is allocated, in bytes. Every node of a B-tree takes one. */
export const METADATA_BLOCK_BYTES = 4 * KiB

/** The entries of a full node of the tree that maps a volume's chunks. */
const FULL_NODE = 252
/** A full node splits in halves, so a tree that only grew has no node with fewer entries, but for its root. */
const HALF_NODE = 126
/** Nodes are merged below this. */
const THIRD_NODE = 84
/** The counts of chunks that three or more volumes share lie in a tree of their own, whose nodes have at least this many entries. */
const FEWEST_COUNTS = 112
/** The reference counts in one block of a space map. */
const COUNTS_PER_BITMAP = 16_320
const BITMAPS_PER_NODE = 168
/** The tree of the volumes' details has one node until it holds so many volumes. */
const DETAILS_PER_NODE = 126
/** A volume more splits at most one node of each level of that tree. */
const MOST_SPLITS = 3
/** LVM compares percentages as whole millionths. */
const FULL_PERCENT = 100_000_000
/** The kernel uses no more of a larger metadata device. */
const MOST_BLOCKS = 255 * COUNTS_PER_BITMAP

/** The metadata of a thin pool, in blocks. */
export interface PoolMetadata {
  readonly blocks: number
  /** The blocks that an empty pool shows as used. */
  readonly emptyBlocks: number
  /** With so many blocks used, LVM creates no more volumes in the pool. */
  readonly refusedFrom: number
}

/** `metadataBytes` is the size of the metadata volume, `dataChunks` that of the pool in chunks. */
export function poolMetadata(metadataBytes: number, dataChunks: number): PoolMetadata {
  const blocks = Math.min(Math.floor(metadataBytes / METADATA_BLOCK_BYTES), MOST_BLOCKS)
  return { blocks, emptyBlocks: emptyBlocks(blocks, dataChunks), refusedFrom: refusedFrom(metadataBytes, blocks) }
}

function emptyBlocks(blocks: number, dataChunks: number): number {
  // The kernel counts what it keeps for commits as used: a tenth, and at most 16 MiB.
  const kept = Math.min(Math.floor(blocks / 10), (16 * MiB) / METADATA_BLOCK_BYTES)
  const bitmaps = Math.ceil(dataChunks / COUNTS_PER_BITMAP)
  const dataMap = bitmaps + fewestNodes(bitmaps, BITMAPS_PER_NODE) + 1
  const metadataMap = Math.ceil(blocks / COUNTS_PER_BITMAP) + 2
  const superblockAndRoots = 3
  return kept + superblockAndRoots + dataMap + metadataMap
}

/** LVM demands 4 MiB of free metadata for a new volume, but never more than a quarter. */
function refusedFrom(metadataBytes: number, blocks: number): number {
  const free = Math.min(FULL_PERCENT / 4, Math.trunc((FULL_PERCENT * 4 * MiB) / metadataBytes))
  return Math.ceil(((FULL_PERCENT - free) * blocks) / FULL_PERCENT)
}

/** The blocks that a new volume takes when so many chunks are written to it, in any order. `volumes`: in the pool with it. */
export function takenByVolume(chunks: Amount, volumes: number): Amount {
  return {
    least: fewestNodes(chunks.least, FULL_NODE),
    most: mostNodes(chunks.most, HALF_NODE) + (volumes > DETAILS_PER_NODE ? MOST_SPLITS : 0),
  }
}

/** The blocks that the pool gets back when a volume is deleted. Snapshots keep the nodes that they share with it. */
export function freedByVolume(chunks: Amount, sharedChunks: number): Amount {
  if (sharedChunks === 0) return { least: fewestNodes(chunks.least, FULL_NODE), most: mostNodes(chunks.most, THIRD_NODE) }
  return { least: 0, most: mostNodes(chunks.most, THIRD_NODE) + mostNodes(sharedChunks, FEWEST_COUNTS) }
}

/** The nodes of a tree whose nodes are all full. An empty tree has a root. */
function fewestNodes(entries: number, perNode: number): number {
  const nodes = Math.max(1, Math.ceil(entries / perNode))
  return nodes === 1 ? 1 : nodes + fewestNodes(nodes, perNode)
}

/** The nodes of a tree that has a root and, below it, nodes with the fewest entries. */
function mostNodes(entries: number, perNode: number): number {
  if (entries < 2 * perNode || (perNode === HALF_NODE && entries <= FULL_NODE)) return 1
  const nodes = Math.floor(entries / perNode)
  return nodes + mostNodes(nodes, perNode)
}

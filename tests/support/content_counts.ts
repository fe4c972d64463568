import { type Content, dataBlocks } from '../../harness/content/content.ts'

/** The number of aligned blocks that anything was written to, explicit zeros included: what the owner's writes map. */
export function writtenBlocks(content: Content, blockBytes: number): number {
  return dataBlocks({ ...content, extents: content.extents.map((extent) => ({ ...extent, write: 'data' })) }, blockBytes)
}

/** Bytes of data, explicit zeros not counted. */
export function dataBytes({ extents }: Content): number {
  return extents.reduce((sum, { length, write }) => sum + (write === 'data' ? length : 0), 0)
}

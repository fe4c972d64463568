import { type Content, wholly } from '../content/content.ts'
import type { MatrixDriver } from '../drivers/backend.ts'
import { DD_BLOCK_BYTES } from '../movers/dd.ts'
import type { CopyCase, Prior, StorageSpec } from '../result/copy.ts'
import type { CopyMode } from '../result/copy_mode.ts'
import type { MirrorOptions } from '../result/mirror.ts'
import type { Cell } from './cell.ts'

const LVM_CHUNK_BYTES = 64 * 1024

/** The model's view of a new volume of each driver of the matrix. */
const volumes: Record<MatrixDriver, { readonly storage: StorageSpec; readonly prior: Prior }> = {
  'lvm-thin': { storage: { kind: 'thin', chunkBytes: LVM_CHUNK_BYTES, zeroing: true, discards: true }, prior: { kind: 'new' } },
  'lvm-thick': { storage: { kind: 'thick' }, prior: { kind: 'new' } },
  nfs: { storage: { kind: 'file' }, prior: { kind: 'new' } },
  'nfs-prealloc': { storage: { kind: 'file' }, prior: { kind: 'reserved' } },
}

/** A cell as the model sees it, with the copy that was decided; of a volume in use, with the options of its mirror. */
export function copyCaseOf(
  { source, destination, orphan }: Pick<Cell, 'source' | 'destination' | 'orphan'>,
  content: Content,
  mode: CopyMode,
  mirror?: { readonly qemu: string; readonly options: MirrorOptions },
): CopyCase {
  const { sizeBytes, extents } = content
  return {
    sizeBytes,
    source: { storage: volumes[source].storage, sizeBytes, extents, reserved: volumes[source].prior.kind === 'reserved' },
    destination: { ...volumes[destination], sizeBytes, ...(orphan && { prior: { kind: 'used', extents: wholly(sizeBytes) } }) },
    copy: mirror === undefined ? { how: mode, blockBytes: DD_BLOCK_BYTES } : { how: 'mirror', qemu: mirror.qemu, options: mirror.options },
  }
}

import { LUKS_HEADER_BYTES } from '../block/crypt.ts'
import { wholly } from '../content/content.ts'
import { contentOf } from '../content/layouts.ts'
import type { CopyCase, CopySpec, Prior, StorageSpec } from '../result/copy.ts'
import { KiB, MiB } from '../units.ts'

const SIZE_BYTES = 16 * MiB
const LAYOUT_SEED = 1

/** A copy whose outcome is known from experience: what a condition of the rule, or a step of a copy, is there for. */
export interface Trap {
  readonly id: string
  readonly copyCase: CopyCase
  readonly expect: 'intact' | 'corrupt'
}

const pool = (options: Partial<Extract<StorageSpec, { kind: 'thin' }>> = {}): StorageSpec => ({
  kind: 'thin',
  chunkBytes: 64 * KiB,
  zeroing: true,
  discards: true,
  ...options,
})
const sparse = (blockBytes = MiB) => ({ how: 'sparse', blockBytes }) as const
const full: CopySpec = { how: 'full', blockBytes: MiB }
const old: Prior = { kind: 'used', extents: wholly(SIZE_BYTES) }
const { extents } = contentOf('mixed', SIZE_BYTES, 0, LAYOUT_SEED)

function trap(id: string, expect: Trap['expect'], destination: Partial<CopyCase['destination']>, copy: CopySpec, source = pool()): Trap {
  return {
    id: `trap/${id}`,
    expect,
    copyCase: {
      sizeBytes: SIZE_BYTES,
      source: { storage: source, sizeBytes: SIZE_BYTES, extents },
      destination: { storage: pool(), sizeBytes: SIZE_BYTES, prior: { kind: 'new' }, ...destination },
      copy,
    },
  }
}

const largeChunk = pool({ chunkBytes: 2 * MiB })
const nozero = pool({ chunkBytes: 2 * MiB, zeroing: false })
const thick: StorageSpec = { kind: 'thick' }
const file: StorageSpec = { kind: 'file' }
const origin: Prior = { kind: 'external-origin', originBytes: 8 * MiB, extents: [{ offset: 0, length: 8 * MiB, write: 'data' }] }
const encrypted = { sizeBytes: SIZE_BYTES + LUKS_HEADER_BYTES, cryptHeaderBytes: LUKS_HEADER_BYTES }

/** One trap of real storage each. A copy must come out as expected, and as the model predicts to the byte. */
export const traps: readonly Trap[] = [
  trap('thin-large-chunk/sparse', 'intact', { storage: largeChunk }, sparse()),
  trap('thin-nozero/sparse', 'corrupt', { storage: nozero }, sparse()),
  trap('thin-nozero/sparse-by-chunk', 'intact', { storage: nozero }, sparse(2 * MiB)),
  trap('thin-nozero/discard-then-sparse', 'corrupt', { storage: nozero }, { how: 'discard-then-sparse', blockBytes: MiB }),
  trap('thin-nozero/mapped', 'corrupt', { storage: nozero }, { how: 'mapped' }),
  trap('thin-used/sparse', 'corrupt', { prior: old }, sparse()),
  trap('thin-used/discard-then-sparse', 'intact', { prior: old }, { how: 'discard-then-sparse', blockBytes: MiB }),
  trap('thin-used/full', 'intact', { prior: old }, full),
  trap('thin-used/full-then-discard', 'intact', { prior: old }, { how: 'full-then-discard', blockBytes: MiB }),
  trap(
    'thin-used-ignoring-discards/discard-then-sparse',
    'corrupt',
    { storage: pool({ discards: false }), prior: old },
    { how: 'discard-then-sparse', blockBytes: MiB },
  ),
  trap(
    'thin-ignoring-discards/full-then-discard',
    'intact',
    { storage: pool({ discards: false }) },
    { how: 'full-then-discard', blockBytes: MiB },
  ),
  trap('thin-snapshot/sparse', 'corrupt', { prior: { ...old, kind: 'snapshot' } }, sparse()),
  trap('thin-external-origin/sparse', 'corrupt', { prior: origin }, sparse()),
  trap('thin-external-origin/discard-then-sparse', 'corrupt', { prior: origin }, { how: 'discard-then-sparse', blockBytes: MiB }),
  trap('luks-on-thin/sparse', 'corrupt', encrypted, sparse()),
  trap('luks-on-thin/full', 'intact', encrypted, full),
  trap('thick/sparse', 'corrupt', { storage: thick }, sparse()),
  trap('thick/zero-out-then-sparse', 'intact', { storage: thick }, { how: 'zero-out-then-sparse', blockBytes: MiB }),
  trap('thick-larger/full', 'intact', { storage: thick, sizeBytes: SIZE_BYTES + 8 * MiB }, full),
  trap('file/sparse', 'intact', { storage: file }, sparse()),
  trap('file-reserved/sparse-kept', 'intact', { storage: file, prior: { kind: 'reserved' } }, { ...sparse(), keepsFile: true }),
  trap('file-used/sparse', 'intact', { storage: file, prior: old }, sparse()),
  trap('file-used/sparse-kept', 'corrupt', { storage: file, prior: old }, { ...sparse(), keepsFile: true }),
]

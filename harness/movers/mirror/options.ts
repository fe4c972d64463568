import { compareVersions } from '../../machine/versions.ts'
import type { CopyMode } from '../../result/copy_mode.ts'
import type { MirrorOptions } from '../../result/mirror.ts'
import { KiB } from '../../units.ts'

/** The first version that takes `target-is-zero`. */
const TARGET_IS_ZERO_SINCE = '10.1'

export function knowsTargetIsZero(version: string): boolean {
  return compareVersions(version, TARGET_IS_ZERO_SINCE) >= 0
}

/** The options for a mode that was decided. An older QEMU cannot be told of the claim, and writes every block. */
export function mirrorOptionsFor(mode: CopyMode, version: string): MirrorOptions {
  return mode === 'sparse' && knowsTargetIsZero(version) ? { targetIsZero: true, detectZeroes: 'on' } : {}
}

/** The options of QEMU's mirror that decide what becomes of zeros, by the name that a table gives them. */
export const optionSets = {
  nova: {},
  'write-blocking': { copyMode: 'write-blocking' },
  discard: { discard: 'unmap' },
  'detect-zeroes': { detectZeroes: 'on' },
  'detect-and-unmap': { detectZeroes: 'unmap', discard: 'unmap' },
  'detect-and-unmap-64k': { detectZeroes: 'unmap', discard: 'unmap', bufBytes: 64 * KiB },
  'target-is-zero': { targetIsZero: true },
  'target-is-zero-detect': { targetIsZero: true, detectZeroes: 'on' },
  'target-is-zero-unmap': { targetIsZero: true, detectZeroes: 'unmap', discard: 'unmap' },
  'target-is-zero-blocking': { targetIsZero: true, copyMode: 'write-blocking' },
} satisfies Record<string, MirrorOptions>

import { compareVersions } from '../../machine/versions.ts'
import type { CopyMode } from '../../result/copy_mode.ts'
import type { MirrorOptions } from '../../result/mirror.ts'

/** The first version that takes `target-is-zero`. */
const TARGET_IS_ZERO_SINCE = '10.1'

export function knowsTargetIsZero(version: string): boolean {
  return compareVersions(version, TARGET_IS_ZERO_SINCE) >= 0
}

/** The options for a mode that was decided. An older QEMU cannot be told of the claim, and writes every block. */
export function mirrorOptionsFor(mode: CopyMode, version: string): MirrorOptions {
  return mode === 'sparse' && knowsTargetIsZero(version) ? { targetIsZero: true, detectZeroes: 'on' } : {}
}

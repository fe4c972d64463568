import type { Lab } from '../lab/lab.ts'
import type { CopyMode } from '../result/copy_mode.ts'

/** What to copy: from one device or file to another, from the first byte, `bytes` bytes. */
export interface CopyOrder {
  readonly from: string
  readonly to: string
  readonly bytes: number
  readonly mode: CopyMode
  /** Default Cinder's, 1 MiB. */
  readonly blockBytes?: number
  /** conv=notrunc: a destination that is a file keeps what is not written. */
  readonly keepsFile?: boolean
}

/** A program that moves the bytes. Resolves only after the data is flushed; throws CommandFailed. */
export type Mover = (lab: Lab, order: CopyOrder) => Promise<void>

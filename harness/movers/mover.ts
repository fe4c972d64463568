import type { Lab } from '../lab/lab.ts'
import type { CopyMode } from '../result/copy_mode.ts'
import type { BytesMoved } from '../result/evidence.ts'

/** A copy from one device or file to another, from the first byte, of `bytes` bytes. */
export interface CopyOrder {
  readonly from: string
  readonly to: string
  readonly bytes: number
  readonly mode: CopyMode
  /** Default: Cinder's, 1 MiB. */
  readonly blockBytes?: number
  /** conv=notrunc: a destination that is a file keeps what is not written. */
  readonly keepsFile?: boolean
}

/** A program that moves the bytes. Resolves only after the data is flushed; throws CommandFailed. */
export type Mover = (lab: Lab, order: CopyOrder) => Promise<void>

/** Copies with a mover, and records in the lab the bytes that it moved. */
export async function copyVolume(lab: Lab, mover: Mover, order: CopyOrder): Promise<void> {
  lab.recordCopy(await countMoved(lab, order, () => mover(lab, order)))
}

/** Counts the bytes that a copy moves, by the kernel's own statistics of the devices. */
export async function countMoved(
  { helper }: Lab,
  { from, to }: { readonly from: string; readonly to: string },
  copy: () => Promise<void>,
): Promise<BytesMoved> {
  const read = await helper.transferred(from)
  const written = await helper.transferred(to)
  await copy()
  const readThen = await helper.transferred(from)
  const writtenThen = await helper.transferred(to)
  return {
    ...(read && readThen && { readBytes: readThen.readBytes - read.readBytes }),
    ...(written && writtenThen && { writtenBytes: writtenThen.writtenBytes - written.writtenBytes }),
  }
}

import type { Lab } from '../lab/lab.ts'

/** What a copy read from the source's and wrote to the destination's device, in bytes; absent for a file. */
export interface BytesMoved {
  readonly readBytes?: number
  readonly writtenBytes?: number
}

/** Counts what a copy moves, by the kernel's own statistics of the devices. */
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

import type { Lab } from '../lab/lab.ts'

/** What a copy read from the source's and wrote to the destination's device, in bytes; absent for a file. */
export interface Moved {
  readonly readBytes?: number
  readonly writtenBytes?: number
}

/** Counts what a copy moves, by the kernel's own statistics of the devices. */
export async function countMoved(
  { inside }: Lab,
  { from, to }: { readonly from: string; readonly to: string },
  copy: () => Promise<void>,
): Promise<Moved> {
  const read = await inside.transferred(from)
  const written = await inside.transferred(to)
  await copy()
  const readThen = await inside.transferred(from)
  const writtenThen = await inside.transferred(to)
  return {
    ...(read && readThen && { readBytes: readThen.readBytes - read.readBytes }),
    ...(written && writtenThen && { writtenBytes: writtenThen.writtenBytes - written.writtenBytes }),
  }
}

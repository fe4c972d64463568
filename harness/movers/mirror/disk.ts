import type { Lab } from '../../lab/lab.ts'
import type { MirrorOptions } from '../../result/mirror.ts'

/** A mirror that is broken on purpose. `forgets-writes`: it ignores what is written meanwhile. `pivots-early`: before it is ready. */
export type MirrorFault = 'forgets-writes' | 'pivots-early'

/** QEMU cannot open a volume as Nova has it opened, past the page cache: nothing can be said of it. */
export class NotOpened extends Error {
  override name = 'NotOpened'
}

/** QEMU, as what instances' volumes pass through. */
export interface BlockLayer {
  /** The version of QEMU, e.g. `7.2.22`. */
  readonly version: string
  /** The version of the libvirt that drives it. */
  readonly libvirt?: string
  /** Puts a volume of a size into use. Throws NotOpened. */
  open(lab: Lab, path: string, sizeBytes: number): Promise<Disk>
}

/** A volume in use. At most one mirror of it is under way. */
export interface Disk {
  /** Where a writer reaches it: an export above the mirror, which sees every write. */
  readonly export: { readonly socket: string; readonly exportName: string }
  /** Begins to copy it to another path, no more than so many bytes a second. Throws NotOpened. */
  beginMirror(to: string, options: MirrorOptions, bytesASecond?: number): Promise<void>
  /** Lifts that limit. */
  copyFast(): Promise<void>
  /** Resolves once the destination follows write by write. Throws when the mirror fails. */
  untilReady(): Promise<void>
  /**
   * Lets the destination take the source's place, and lets go of the source. Throws PivotUnknown when it may have done so, and any other
   * error only with nothing of the mirror left.
   */
  pivot(): Promise<void>
  /** Ends the mirror under way, as an operator does. */
  cancel(): Promise<void>
  /**
   * Copies what is there at first, or only a part, and then goes on on the destination. `goOn` lets the instance write at each stage. The
   * storage daemon's disks can do it.
   */
  copyBadly?(to: string, fault: MirrorFault, bytesASecond: number, goOn: () => Promise<void>): Promise<void>
  /** Ends a mirror that failed: the volume stays where it was. Never throws. */
  giveUp(): Promise<void>
  /** Lets go of the volume. */
  close(): Promise<void>
}

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Everything on a machine whose name begins with a prefix. It is read from /proc and /sys, so it needs no command. */
export interface Inventory {
  /** Names of device-mapper devices. */
  readonly dmDevices: readonly string[]
  /** Folders of volume groups in /dev. */
  readonly deviceFolders: readonly string[]
  readonly loops: readonly { device: string; file: string }[]
  /** Mount points, innermost last. */
  readonly mounts: readonly string[]
}

/** Everything whose device-mapper name is ours, or whose backing file or mount point has a folder on its path that is. */
export function takeInventory(isOurs: (name: string) => boolean): Inventory {
  const blocks = names('/sys/block')
  const isOurPath = (path: string) => path.split('/').some(isOurs)
  return {
    dmDevices: blocks
      .filter((name) => name.startsWith('dm-'))
      .map((name) => text(join('/sys/block', name, 'dm/name')))
      .filter(isOurs),
    deviceFolders: names('/dev')
      .filter(isOurs)
      .map((name) => join('/dev', name)),
    loops: blocks
      .filter((name) => name.startsWith('loop'))
      .map((name) => ({ device: join('/dev', name), file: text(join('/sys/block', name, 'loop/backing_file')) }))
      .filter(({ file }) => isOurPath(file)),
    mounts: text('/proc/self/mounts')
      .split('\n')
      .map((line) => unescapeMount(line.split(' ')[1] ?? ''))
      .filter(isOurPath),
  }
}

export function names(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return [] // a machine without this part of /sys has none of it
  }
}

/** A file of /proc or /sys, or '' where it does not exist (an unused loop device has no backing_file). */
export function text(path: string): string {
  try {
    return readFileSync(path, 'utf8').trimEnd()
  } catch {
    return ''
  }
}

/** /proc/mounts writes blanks and backslashes as octal numbers: proc(5). */
export function unescapeMount(point: string): string {
  return point.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
}

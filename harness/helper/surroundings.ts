import { readdirSync, readlinkSync, realpathSync, type Stats, statSync } from 'node:fs'
import { join } from 'node:path'
import { names, text, unescapeMount } from './inventory.ts'

/** The devices and filesystems of a machine before a foreign program runs in it: a path on them cannot be that program's. */
export interface Surroundings {
  /** The kernel's names of block devices that hold anything, partitions too, e.g. `loop0`. */
  readonly blockDevices: readonly string[]
  readonly filesystems: readonly Filesystem[]
}

interface Filesystem {
  /** Major and minor number, as in mountinfo: proc(5). */
  readonly device: string
  readonly mountedOn: string
}

/** The kind of a path, found without opening it: a pipe or a dead device must not stall the caller. */
export type PathInfo =
  | { readonly kind: 'missing'; readonly why: string }
  /** A directory, a pipe, a character device. */
  | { readonly kind: 'other'; readonly what: string }
  | { readonly kind: 'file'; readonly filesystem: string; readonly inode: number; readonly sizeBytes: number }
  | {
      readonly kind: 'block'
      /** The kernel's name, e.g. `dm-3`. */
      readonly device: string
      /** device-mapper's name; empty for another device. */
      readonly dmName: string
      /** The devices at the bottom of the stack that it stands on; itself when it stands on none. */
      readonly bottoms: readonly string[]
      readonly sizeBytes: number
      /** The device's best size of a write in bytes: a thin volume's chunk. 0 if it names none. */
      readonly optimalBytes: number
      /** The least that it reads or writes. */
      readonly logicalBytes: number
    }

const BLOCK_DEVICES = '/sys/class/block'

export function surroundings(): Surroundings {
  // Not /sys/block: it leaves out partitions, and what stands on a partition has that at its bottom and not the disk.
  const blockDevices = readdirSync(BLOCK_DEVICES).filter((name) => text(join(BLOCK_DEVICES, name, 'size')) !== '0')
  return { blockDevices, filesystems: filesystems() }
}

export function inspectPath(path: string): PathInfo {
  let stat: Stats
  try {
    stat = statSync(path)
  } catch (error) {
    return { kind: 'missing', why: error instanceof Error ? error.message : String(error) }
  }
  if (stat.isFile()) return { kind: 'file', filesystem: deviceNumber(stat.dev), inode: stat.ino, sizeBytes: stat.size }
  if (!stat.isBlockDevice()) return { kind: 'other', what: stat.isDirectory() ? 'a directory' : 'neither a block device nor a file' }
  const number = deviceNumber(stat.rdev)
  const folder = join('/sys/dev/block', number)
  const device = realpathOr(folder).split('/').at(-1) ?? ''
  if (device === '') return { kind: 'missing', why: `the kernel has no block device ${number}` }
  return {
    kind: 'block',
    device,
    dmName: text(join(folder, 'dm/name')),
    bottoms: bottomsOf(device),
    sizeBytes: Number(text(join(folder, 'size'))) * 512,
    optimalBytes: Number(text(join(folder, 'queue/optimal_io_size'))),
    logicalBytes: Number(text(join(folder, 'queue/logical_block_size'))),
  }
}

/**
 * How much storage a path lies on that is none of the `given` devices, in bytes: the size of the devices at the bottom, where those stand
 * on files of a given one too. A file on a filesystem without a device counts as long as it is. Devices are named as by the kernel.
 */
export function bytesElsewhere(path: string, given: readonly string[]): number {
  const look = inspectPath(path)
  if (look.kind === 'block') return look.bottoms.reduce((sum, device) => sum + deviceBytesElsewhere(device, given), 0)
  if (look.kind !== 'file') return 0
  const device = realpathOr(join('/sys/dev/block', look.filesystem)).split('/').at(-1)
  return device === undefined || device === '' ? look.sizeBytes : bytesElsewhere(join('/dev', device), given)
}

function deviceBytesElsewhere(device: string, given: readonly string[]): number {
  if (given.includes(device)) return 0
  const file = text(join(BLOCK_DEVICES, device, 'loop/backing_file'))
  if (file !== '' && bytesElsewhere(file, given) === 0) return 0
  return Number(text(join(BLOCK_DEVICES, device, 'size'))) * 512
}

/** Linux's encoding of a device number: makedev(3). */
function deviceNumber(device: number): string {
  return `${(device >>> 8) & 0xfff}:${(device & 0xff) | ((device >>> 12) & 0xfff00)}`
}

/** Kills every process whose environment holds the mark, also those that left their process group; returns their command lines. */
export function killMarked(mark: string): string[] {
  return kill(marked(mark))
}

/** Kills those whose parent's environment does not hold the mark: a program, without what it has started. Returns their command lines. */
export function killAlone(mark: string): string[] {
  const pids = marked(mark)
  return kill(pids.filter((pid) => !pids.includes(parentOf(pid))))
}

function kill(pids: readonly string[]): string[] {
  return pids.flatMap((pid) => {
    const command = commandOf(pid)
    try {
      process.kill(Number(pid), 'SIGKILL')
    } catch {
      return [] // it has just ended by itself
    }
    return command
  })
}

/** How many processes have an environment that holds the mark. */
export function countMarked(mark: string): number {
  return marked(mark).length
}

/** The command lines of processes whose environment holds the mark and that have the standard input of their parent, which holds it too. */
export function sharingInput(mark: string): string[] {
  const pids = marked(mark)
  return pids.filter((pid) => pids.includes(parentOf(pid)) && inputOf(pid) !== '' && inputOf(pid) === inputOf(parentOf(pid))).map(commandOf)
}

function marked(mark: string): string[] {
  const isMarked = (pid: string) =>
    text(join('/proc', pid, 'environ'))
      .split('\0')
      .includes(mark)
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid && isMarked(name))
}

function commandOf(pid: string): string {
  return text(join('/proc', pid, 'cmdline'))
    .replaceAll('\0', ' ')
    .trim()
}

/** By proc_pid_stat(5); the name in it may hold blanks and brackets. */
function parentOf(pid: string): string {
  const stat = text(join('/proc', pid, 'stat'))
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] ?? ''
}

function inputOf(pid: string): string {
  try {
    return readlinkSync(join('/proc', pid, 'fd/0'))
  } catch {
    return '' // it has ended, or closed its input
  }
}

/** The device-mapper devices that stand on a block device, those on top first: the order in which they can be removed. */
export function stackedOn(path: string): string[] {
  const above = (device: string): string[] =>
    names(join('/sys/class/block', device, 'holders')).flatMap((holder) => [
      ...above(holder),
      text(join('/sys/class/block', holder, 'dm/name')),
    ])
  const look = inspectPath(path)
  return look.kind === 'block' ? [...new Set(above(look.device))].filter((name) => name !== '') : []
}

function bottomsOf(device: string): string[] {
  const below = names(join('/sys/class/block', device, 'slaves'))
  return below.length === 0 ? [device] : [...new Set(below.flatMap(bottomsOf))]
}

function filesystems(): Filesystem[] {
  return text('/proc/self/mountinfo')
    .split('\n')
    .map((line) => line.split(' '))
    .map(([, , device = '', , point = '']) => ({ device, mountedOn: unescapeMount(point) }))
}

function realpathOr(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return ''
  }
}

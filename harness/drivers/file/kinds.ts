import { dirname } from 'node:path'
import { z } from 'zod'
import type { Lab } from '../../lab/lab.ts'
import { runOrThrow } from '../../machine/machine.ts'
import { assetPath } from '../../paths.ts'

/** How a folder's volumes are made and used: every step works on the path of a volume's file; sizes are in bytes. */
export interface FileKind {
  readonly thin: boolean
  readonly modules?: readonly string[]
  /** Fails when the file is there; whatever else fails, no file stays. */
  create(lab: Lab, file: string, sizeBytes: number): Promise<unknown>
  remove(lab: Lab, file: string): Promise<unknown>
  resize(lab: Lab, file: string, sizeBytes: number): Promise<unknown>
  /** The size that a volume in this file has. Fails when there is no file. */
  sizeOf(lab: Lab, file: string): Promise<number>
  /** Gives the path of the device or file to use. */
  attach(lab: Lab, file: string): Promise<string>
  detach(lab: Lab, file: string): Promise<unknown>
  /** Brings what was written to an attached volume to its file. */
  flush(lab: Lab, file: string): Promise<unknown>
  /** Detaches all volumes of a folder. */
  detachAll(lab: Lab, folder: string): Promise<unknown>
}

const nothing = async () => {}

/** A raw file: what is attached is the file. */
const raw = {
  remove: (lab: Lab, file: string) => runOrThrow(lab, ['rm', file]),
  resize: (lab: Lab, file: string, sizeBytes: number) => runOrThrow(lab, ['truncate', '--no-create', `--size=${sizeBytes}`, file]),
  sizeOf: async (lab: Lab, file: string) => (await lab.helper.measure(file)).sizeBytes,
  attach: async (lab: Lab, file: string) => {
    await lab.helper.measure(file)
    return file
  },
  detach: nothing,
  flush: nothing,
  detachAll: nothing,
}

function make(lab: Lab, file: string, command: readonly string[]): Promise<string> {
  const script = '[ ! -e "$0" ] || { echo "$0 is there already" >&2; exit 1; }; "$@" || { rm -f "$0"; exit 1; }'
  return runOrThrow(lab, ['sh', '-c', script, file, ...command])
}

/** Cinder's `nfs_sparsed_volumes`. */
const sparse: FileKind = {
  ...raw,
  thin: true,
  create: (lab, file, sizeBytes) =>
    make(lab, file, ['dd', 'if=/dev/null', `of=${file}`, 'bs=1', 'count=0', `seek=${sizeBytes}`, 'conv=excl', 'status=none']),
}

/** Written out with zeros. */
const preallocated: FileKind = {
  ...raw,
  thin: false,
  create: (lab, file, sizeBytes) =>
    make(lab, file, ['dd', 'if=/dev/zero', `of=${file}`, 'bs=1M', `count=${sizeBytes}`, 'iflag=count_bytes', 'conv=excl,fdatasync']),
}

/** With storage that the filesystem knows to be unwritten. */
const fallocated: FileKind = {
  ...raw,
  thin: false,
  create: (lab, file, sizeBytes) => make(lab, file, ['fallocate', '--length', `${sizeBytes}`, file]),
}

/** The files that a bin keeps: copies of volumes are not made of them, and would fill it up. */
const BIN_FILES = 4

/** A bin beside the files keeps some of deleted volumes; a new volume is one of them, cut or made to size, content and all. */
const reused: FileKind = {
  ...raw,
  thin: true,
  create: (lab, file, sizeBytes) => {
    const takeOld = 'old=$(ls -A "$3" 2>/dev/null | head -n 1) && { [ -z "$old" ] || mv --no-clobber "$3/$old" "$1"; }'
    // Two that are made at once must not take the same one.
    const alone = ['flock', dirname(file)]
    return runOrThrow(lab, [
      ...alone,
      'sh',
      '-c',
      `[ ! -e "$1" ] && ${takeOld} && truncate --size="$2" "$1"`,
      'sh',
      file,
      `${sizeBytes}`,
      binOf(file),
    ])
  },
  remove: (lab, file) => {
    const keepOrRemove = `[ "$(ls -A "$2" | wc -l)" -lt ${BIN_FILES} ] && mv --backup=numbered "$1" "$2/" || rm "$1"`
    return runOrThrow(lab, ['sh', '-c', `mkdir -p "$2" && { ${keepOrRemove}; }`, 'sh', file, binOf(file)])
  },
}

function binOf(file: string): string {
  return file.replace(/[^/]+$/, '.deleted')
}

const NBD = assetPath('harness/drivers/file/nbd.sh')
const imageSchema = z.object({ 'virtual-size': z.number() })

/** Attached through qemu-nbd as a block device. While a volume is attached its file belongs to qemu-nbd. */
const qcow2: FileKind = {
  thin: true,
  modules: ['nbd'],
  create: (lab, file, sizeBytes) => make(lab, file, ['qemu-img', 'create', '-q', '-f', 'qcow2', file, `${sizeBytes}`]),
  remove: raw.remove,
  resize: async (lab, file, sizeBytes) => {
    await qcow2.detach(lab, file)
    await runOrThrow(lab, ['qemu-img', 'resize', '-q', '-f', 'qcow2', file, `${sizeBytes}`])
  },
  sizeOf: async (lab, file) => {
    const text = await runOrThrow(lab, ['qemu-img', 'info', '--force-share', '--output=json', '-f', 'qcow2', file])
    return imageSchema.parse(JSON.parse(text))['virtual-size']
  },
  attach: async (lab, file) => {
    await lab.helper.measure(file)
    return (await runOrThrow(lab, ['sh', NBD, 'attach', file])).trim()
  },
  detach: (lab, file) => runOrThrow(lab, ['sh', NBD, 'detach', file]),
  flush: (lab, file) => runOrThrow(lab, ['sh', NBD, 'flush', file]),
  detachAll: (lab, folder) => runOrThrow(lab, ['sh', NBD, 'detach', `${folder}/`]),
}

export const fileKinds = { sparse, preallocated, fallocated, reused, qcow2 }

/** An entry of an initramfs. A folder must come before its content. */
export type Entry =
  | { readonly kind: 'folder'; readonly path: string }
  | { readonly kind: 'program' | 'file'; readonly path: string; readonly data: Uint8Array }
  | { readonly kind: 'character-device'; readonly path: string; readonly major: number; readonly minor: number }

/** Numbers of a header, as the kernel's Documentation/driver-api/early-userspace/buffer-format.rst lists them. */
const MAGIC = '070701'
const MODE = { folder: 0o040755, program: 0o100755, file: 0o100644, 'character-device': 0o020600 }

/** Writes an uncompressed initramfs: a cpio archive of the kind "newc". */
export function writeInitramfs(entries: readonly Entry[]): Buffer {
  const members = entries.map((entry, index) => {
    const { major, minor } = entry.kind === 'character-device' ? entry : { major: 0, minor: 0 }
    return member(entry.path, index + 1, MODE[entry.kind], 'data' in entry ? entry.data : Buffer.alloc(0), major, minor)
  })
  return Buffer.concat([...members, member('TRAILER!!!', 0, 0, Buffer.alloc(0), 0, 0)])
}

function member(path: string, inode: number, mode: number, data: Uint8Array, major: number, minor: number): Buffer {
  const name = Buffer.from(`${path}\0`)
  const [uid, gid, links, time, onMajor, onMinor, checksum] = [0, 0, 1, 0, 0, 0, 0]
  const numbers = [inode, mode, uid, gid, links, time, data.length, onMajor, onMinor, major, minor, name.length, checksum]
  const header = MAGIC + numbers.map((number) => number.toString(16).padStart(8, '0')).join('')
  return Buffer.concat([padded(Buffer.concat([Buffer.from(header), name])), padded(data)])
}

function padded(data: Uint8Array): Buffer {
  return Buffer.concat([data, Buffer.alloc(-data.length & 3)])
}

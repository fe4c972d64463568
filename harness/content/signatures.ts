import { MiB, SECTOR_BYTES } from '../units.ts'
import { crc32, nestedGroup } from './nested_group.ts'

/** The beginnings of other people's data: what tools recognise a filesystem, an encrypted device or an image by. */

const SUPERBLOCK_BYTES = 1024
const EXT_MAGIC_AT = 56
const EXT_REVISION_AT = 76
const MBR_BYTES = 512
const QCOW2_BYTES = 512
const GPT_BYTES = 92
const CRC_START = 0xffffffff
/** A file of every machine, which a tool that follows an image's backing file would show. */
const BACKING_FILE = '/etc/passwd'
const BACKING_AT = 256

const makers = {
  /** The superblock of ext2, which lies at byte 1024 of its device. Source: Linux, fs/ext2/ext2.h. */
  ext2: () => {
    const block = Buffer.alloc(SUPERBLOCK_BYTES)
    block.writeUInt32LE(64, 0) // inodes
    block.writeUInt32LE(1024, 4) // blocks
    block.writeUInt32LE(1, 20) // the first data block
    block.writeUInt32LE(8192, 32) // blocks in a group
    block.writeUInt16LE(0xef53, EXT_MAGIC_AT)
    block.writeUInt32LE(1, EXT_REVISION_AT)
    block.fill('holeproof', 104, 113, 'latin1') // the UUID
    return block
  },
  /** The magic of Linux swap space, which lies at the end of the first page. Source: mkswap(8), linux/swap.h. */
  swap: () => Buffer.from('SWAPSPACE2', 'latin1'),
  /** Source: LUKS On-Disk Format Specification 1.2.3, figure 1. */
  luks: () => {
    const header = Buffer.alloc(592)
    header.write('LUKS\xba\xbe', 0, 'latin1')
    header.writeUInt16BE(1, 6)
    header.write('aes', 8, 'latin1')
    header.write('xts-plain64', 40, 'latin1')
    header.write('sha256', 72, 'latin1')
    header.write('01234567-89ab-cdef-0123-456789abcdef', 168, 'latin1')
    return header
  },
  /** A partition table with one partition of 1 MiB. */
  mbr: () => {
    const sector = Buffer.alloc(MBR_BYTES)
    sector.writeUInt8(0x83, 450)
    sector.writeUInt32LE(2048, 454)
    sector.writeUInt32LE(2048, 458)
    sector.writeUInt16LE(0xaa55, 510)
    return sector
  },
  /** The header of an image without data of its own on top of a file. Source: QEMU, docs/interop/qcow2.rst. */
  'qcow2-backed': () => {
    const header = qcow2Header(2n ** 16n)
    header.writeBigUInt64BE(BigInt(BACKING_AT), 8)
    header.writeUInt32BE(BACKING_FILE.length, 16)
    header.write(BACKING_FILE, BACKING_AT, 'latin1')
    return header
  },
  /** An empty image, whole as qemu-img checks it. Programs that guess formats read, resize or write it without any error. */
  qcow2: () => {
    const cluster = BigInt(QCOW2_BYTES)
    const image = Buffer.concat([qcow2Header(cluster), Buffer.alloc(3 * QCOW2_BYTES)])
    image.writeBigUInt64BE(2n * cluster, QCOW2_BYTES) // the block of reference counts
    for (const index of [0, 1, 2, 3]) image.writeUInt16BE(1, 2 * QCOW2_BYTES + 2 * index)
    return image
  },
  /** The superblock of XFS, which lies at the start of its device. Source: XFS Algorithms & Data Structures, "Superblocks". */
  xfs: () => {
    const sector = Buffer.alloc(SECTOR_BYTES)
    sector.write('XFSB', 0, 'latin1')
    sector.writeUInt32BE(4096, 4) // the block size
    sector.writeBigUInt64BE(2048n, 8) // blocks
    sector.fill('holeproof', 32, 41, 'latin1') // the UUID
    sector.writeUInt32BE(512, 84) // blocks of an allocation group
    sector.writeUInt32BE(4, 88) // allocation groups
    sector.writeUInt16BE(0xb4a4, 100) // the version
    sector.writeUInt16BE(SECTOR_BYTES, 102)
    sector.writeUInt16BE(256, 104) // the size of an inode
    sector.writeUInt16BE(16, 106) // inodes of a block
    sector.set([12, 9, 8, 4, 9], 120) // logarithms of the sizes above
    return sector
  },
  /** The superblock 1.2 of a Linux RAID, which lies at byte 4096 of its device. Source: Linux, uapi/linux/raid/md_p.h. */
  md: () => {
    const block = Buffer.alloc(256)
    block.writeUInt32LE(0xa92b4efc, 0)
    block.writeUInt32LE(1, 4) // the major version
    block.fill('holeproof', 16, 25, 'latin1') // the UUID
    block.writeUInt32LE(1, 72) // RAID 1
    block.writeUInt32LE(2, 92) // its disks
    block.writeBigUInt64LE(2048n, 128) // where the data begins, in sectors
    block.writeBigUInt64LE(8n, 144) // where this block lies, in sectors
    return block
  },
  /** The header of a GUID partition table, which lies in the second sector and in the last. Source: UEFI Specification 2.10, table 5-5. */
  gpt: () => {
    const header = Buffer.alloc(GPT_BYTES)
    header.write('EFI PART', 0, 'latin1')
    header.writeUInt32LE(0x10000, 8) // the revision
    header.writeUInt32LE(GPT_BYTES, 12)
    header.writeBigUInt64LE(1n, 24) // this sector
    header.writeBigUInt64LE(16_383n, 32) // the last one
    header.writeBigUInt64LE(34n, 40) // the first one for partitions
    header.writeBigUInt64LE(16_350n, 48)
    header.fill('holeproof', 56, 65, 'latin1') // the GUID
    header.writeBigUInt64LE(2n, 72) // the entries
    header.writeUInt32LE(128, 80)
    header.writeUInt32LE(128, 84)
    header.writeUInt32LE(~crc32(header, CRC_START) >>> 0, 16)
    return header
  },
  /** A physical volume with a group and a logical volume on it: its second sector, and its metadata. */
  lvm: nestedGroup,
} satisfies Record<string, () => Buffer>

/** Of an image of 1 MiB in a format of version 2: the reference table is its second cluster, and the L1 table its fourth. */
function qcow2Header(clusterBytes: bigint): Buffer {
  const header = Buffer.alloc(QCOW2_BYTES)
  header.write('QFI\xfb', 0, 'latin1')
  header.writeUInt32BE(2, 4)
  header.writeUInt32BE(Math.log2(Number(clusterBytes)), 20)
  header.writeBigUInt64BE(BigInt(MiB), 24)
  // An entry of the L1 table is for a table of one cluster, whose entries have 8 bytes and are for a cluster each.
  header.writeUInt32BE(Math.ceil(MiB / ((Number(clusterBytes) / 8) * Number(clusterBytes))), 36)
  header.writeBigUInt64BE(3n * clusterBytes, 40)
  header.writeBigUInt64BE(clusterBytes, 48)
  header.writeUInt32BE(1, 56) // clusters of the reference table
  return header
}

export type SignatureName = keyof typeof makers
export const signatureNames = Object.keys(makers) as SignatureName[]

/** A signature at a byte of a volume, in the place of the stamp that would be there. It lies in an extent of data. */
export interface Signature {
  readonly offset: number
  readonly name: SignatureName
}

const made = new Map<SignatureName, Buffer>()

export function signatureBytes(name: SignatureName): Buffer {
  const bytes = made.get(name) ?? makers[name]()
  made.set(name, bytes)
  return bytes
}

/** Puts what lies in a part of a volume, which begins at the byte `at` of it, of these signatures into the part. */
export function writeSignatures(part: Uint8Array, signatures: readonly Signature[], at: number): void {
  for (const { offset, name } of signatures) {
    const bytes = signatureBytes(name)
    const from = Math.max(offset, at)
    const to = Math.min(offset + bytes.length, at + part.length)
    if (from < to) part.set(bytes.subarray(from - offset, to - offset), from - at)
  }
}

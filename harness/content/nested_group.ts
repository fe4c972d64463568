import { KiB, MiB, SECTOR_BYTES } from '../units.ts'

/** The group and its volume: no name of a lab, because it is content, which nothing may bring to life. */
export const NESTED_GROUP = 'holeproof_nested'
export const NESTED_VOLUME = 'inner'

/** LVM's own start of a CRC, in its lib/misc/crc.c. */
const LVM_CRC_START = 0xf597a6cf
const POLYNOMIAL = 0xedb88320
const METADATA_AT = 4 * KiB
const METADATA_BYTES = MiB - METADATA_AT
const TEXT_AT = SECTOR_BYTES
const DEVICE_BYTES = 8 * MiB
const MAGIC = ' LVM2 x[5A%r0N*>'

/** The bytes of a physical volume of 8 MiB from its second sector to the end of its metadata. Source: lvm2, lib/format_text/layout.h. */
export function nestedGroup(): Buffer {
  const text = Buffer.from(`${metadataText()}\0`, 'latin1')
  const bytes = Buffer.alloc(METADATA_AT - SECTOR_BYTES + TEXT_AT + text.length)
  label().copy(bytes)
  metadataHeader(text).copy(bytes, METADATA_AT - SECTOR_BYTES)
  text.copy(bytes, METADATA_AT - SECTOR_BYTES + TEXT_AT)
  return bytes
}

function label(): Buffer {
  const sector = Buffer.alloc(SECTOR_BYTES)
  sector.write('LABELONE', 0, 'latin1')
  sector.writeBigUInt64LE(1n, 8) // its own sector
  sector.writeUInt32LE(32, 20) // where the header begins
  sector.write('LVM2 001', 24, 'latin1')
  sector.write(uuid('p').replaceAll('-', ''), 32, 'latin1')
  sector.writeBigUInt64LE(BigInt(DEVICE_BYTES), 64)
  sector.writeBigUInt64LE(BigInt(MiB), 72) // the data, then nothing more of it
  sector.writeBigUInt64LE(BigInt(METADATA_AT), 104)
  sector.writeBigUInt64LE(BigInt(METADATA_BYTES), 112)
  sector.writeUInt32LE(2, 136) // the version of what follows
  sector.writeUInt32LE(1, 140) // in use
  sector.writeUInt32LE(crc32(sector.subarray(20), LVM_CRC_START), 16)
  return sector
}

function metadataHeader(text: Buffer): Buffer {
  const sector = Buffer.alloc(SECTOR_BYTES)
  sector.write(MAGIC, 4, 'latin1')
  sector.writeUInt32LE(1, 20) // the version
  sector.writeBigUInt64LE(BigInt(METADATA_AT), 24)
  sector.writeBigUInt64LE(BigInt(METADATA_BYTES), 32)
  sector.writeBigUInt64LE(BigInt(TEXT_AT), 40)
  sector.writeBigUInt64LE(BigInt(text.length), 48)
  sector.writeUInt32LE(crc32(text, LVM_CRC_START), 56)
  sector.writeUInt32LE(crc32(sector.subarray(4), LVM_CRC_START), 0)
  return sector
}

function metadataText(): string {
  return `${NESTED_GROUP} {
id = "${uuid('g')}"
seqno = 1
format = "lvm2"
status = ["RESIZEABLE", "READ", "WRITE"]
flags = []
extent_size = ${MiB / SECTOR_BYTES}
max_lv = 0
max_pv = 0
metadata_copies = 0

physical_volumes {

pv0 {
id = "${uuid('p')}"
device = "/dev/nested"
status = ["ALLOCATABLE"]
flags = []
dev_size = ${DEVICE_BYTES / SECTOR_BYTES}
pe_start = ${MiB / SECTOR_BYTES}
pe_count = ${DEVICE_BYTES / MiB - 1}
}
}

logical_volumes {

${NESTED_VOLUME} {
id = "${uuid('v')}"
status = ["READ", "WRITE", "VISIBLE"]
flags = []
segment_count = 1

segment1 {
start_extent = 0
extent_count = 1
type = "striped"
stripe_count = 1
stripes = [
"pv0", 0
]
}
}
}

}
contents = "Text Format Volume Group"
version = 1
description = ""
`
}

/** An id in LVM's form, of 32 characters with hyphens between. */
function uuid(kind: string): string {
  return [6, 4, 4, 4, 4, 4, 6].map((length) => kind.repeat(length)).join('-')
}

/** The reflected CRC-32 of IEEE 802.3, without the inversions before and after it. */
export function crc32(bytes: Uint8Array, start: number): number {
  let crc = start
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? POLYNOMIAL : 0)
  }
  return crc >>> 0
}

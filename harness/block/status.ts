import { SECTOR_BYTES } from '../units.ts'

/** The status of a thin device, as `dmsetup status` prints it: kernel document device-mapper/thin-provisioning. Sectors are 512 bytes. */
export interface ThinStatus {
  readonly target: 'thin'
  readonly sectors: number
  /** Sectors that have storage of their own or shared in the pool. */
  readonly mappedSectors: number
}

/** The status of a thin pool. Its blocks are chunks. */
export interface ThinPoolStatus {
  readonly target: 'thin-pool'
  readonly sectors: number
  readonly usedDataBlocks: number
  readonly totalDataBlocks: number
  readonly usedMetadataBlocks: number
  readonly totalMetadataBlocks: number
  /** `rw`, `ro` or `out_of_data_space`. */
  readonly mode: string
}

export interface OtherStatus {
  readonly target: string
  readonly sectors: number
}

export type DmStatus = ThinStatus | ThinPoolStatus | OtherStatus

/**
 * Reads what `dmsetup status` prints, by device name; asked for one device, which it then does not name, give its name. Throws
 * on a line it does not understand.
 */
export function parseStatus(text: string, only?: string): Map<string, DmStatus> {
  const devices = new Map<string, DmStatus>()
  for (const printed of text.split('\n')) {
    const line = only === undefined || printed.trim() === '' ? printed : `${only}: ${printed}`
    if (line.trim() === '' || line.startsWith('No devices found')) continue
    const match = /^(?<name>\S+): \d+ (?<sectors>\d+) (?<target>\S+) ?(?<rest>.*)$/.exec(line)
    if (match?.groups === undefined) throw new Error(`dmsetup status: a line that is not understood: ${line}`)
    const { name = '', sectors = '', target = '', rest = '' } = match.groups
    if (/^(Fail|Error)\b/.test(rest.trim())) throw new Error(`dmsetup status: ${name} has failed: ${line}`)
    const before = devices.get(name)
    // A device of several segments has a line for each; only plain targets come in segments.
    const segment = parseTarget(target, Number(sectors), rest.trim().split(/\s+/), line)
    devices.set(name, before === undefined ? segment : { target: before.target, sectors: before.sectors + segment.sectors })
  }
  return devices
}

/** What a thin device stands on. */
export interface ThinTable {
  /** The device number of its pool, as `253:4`. */
  readonly pool: string
  /** Its id in the pool. */
  readonly id: number
  /** The external origin, which shows where nothing is mapped. */
  readonly origin?: string
}

/** Reads the thin devices from what `dmsetup table` prints, by device name. */
export function parseThinTables(text: string): Map<string, ThinTable> {
  const tables = new Map<string, ThinTable>()
  for (const line of text.split('\n')) {
    const {
      name,
      pool = '',
      id,
      origin,
    } = /^(?<name>\S+): \d+ \d+ thin (?<pool>\S+) (?<id>\d+)(?: (?<origin>\S+))?/.exec(line)?.groups ?? {}
    if (name !== undefined) tables.set(name, { pool, id: Number(id), ...(origin !== undefined && { origin }) })
  }
  return tables
}

/** Reads the chunk size of each thin pool, in bytes, from what `dmsetup table` prints, by device name. */
export function parseChunkBytes(text: string): Map<string, number> {
  const chunks = new Map<string, number>()
  for (const line of text.split('\n')) {
    const match = /^(?<name>\S+): \d+ \d+ thin-pool \S+ \S+ (?<sectors>\d+)/.exec(line)
    if (match?.groups?.name !== undefined) chunks.set(match.groups.name, Number(match.groups.sectors) * SECTOR_BYTES)
  }
  return chunks
}

function parseTarget(target: string, sectors: number, words: readonly string[], line: string): DmStatus {
  if (target === 'thin') {
    const [mapped = ''] = words
    return { target, sectors, mappedSectors: toNumber(mapped, line) }
  }
  if (target === 'thin-pool') {
    const [, metadata = '', data = '', , mode = ''] = words
    const [usedMetadata = '', totalMetadata = ''] = metadata.split('/')
    const [usedData = '', totalData = ''] = data.split('/')
    return {
      target,
      sectors,
      usedDataBlocks: toNumber(usedData, line),
      totalDataBlocks: toNumber(totalData, line),
      usedMetadataBlocks: toNumber(usedMetadata, line),
      totalMetadataBlocks: toNumber(totalMetadata, line),
      mode,
    }
  }
  return { target, sectors }
}

function toNumber(word: string, line: string): number {
  if (!/^\d+$/.test(word)) throw new Error(`dmsetup status: '${word}' is not a number in: ${line}`)
  return Number(word)
}

export function isThin(status: DmStatus | undefined): status is ThinStatus {
  return status?.target === 'thin'
}

export function isThinPool(status: DmStatus | undefined): status is ThinPoolStatus {
  return status?.target === 'thin-pool'
}

/** The device-mapper name of a logical volume: a hyphen within a name is doubled (lvm(8), "name mangling"). */
export function dmName(group: string, volume: string): string {
  const double = (text: string) => text.replaceAll('-', '--')
  return `${double(group)}-${double(volume)}`
}

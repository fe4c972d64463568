import { type RangeMap, scaled, toMask } from '../content/ranges.ts'
import type { Lab } from '../lab/lab.ts'
import { CommandFailed } from '../machine/command_failed.ts'
import { SECTOR_BYTES } from '../units.ts'
import { type DmStatus, dmName, isThin, isThinPool, parseChunkBytes, parseStatus, parseThinTables } from './status.ts'
import { readThinMaps } from './thin_map.ts'

/** A logical volume, and the thin pool that it lies in. */
export interface LogicalVolume {
  readonly group: string
  readonly name: string
  /** Absent for a thick volume. */
  readonly pool?: string
}

/** The storage that a logical volume takes, in bytes. */
export interface VolumeUsage {
  /** Exact mapped sectors of a thin volume, all of a thick one. */
  readonly mappedBytes: number
  /** Absent for a thick volume. */
  readonly thin?: {
    /** The bytes that have storage, by the pool's own metadata. The last chunk may reach past the end of the volume. */
    readonly mapped: RangeMap<true>
    readonly poolUsedBytes: number
    readonly poolTotalBytes: number
  }
}

/** The kernel's figures of all device-mapper devices, of one moment. */
export class StorageUsage {
  private readonly lab: Lab
  private readonly status: ReadonlyMap<string, DmStatus>

  private constructor(lab: Lab, status: ReadonlyMap<string, DmStatus>) {
    this.lab = lab
    this.status = status
  }

  static async read(lab: Lab): Promise<StorageUsage> {
    return new StorageUsage(lab, parseStatus(await ask(lab, ['dmsetup', 'status'])))
  }

  /** The chunks of a thin pool that any volume has mapped. Throws when there is no such pool. */
  usedChunksOfPool(group: string, pool: string): number {
    const status = this.status.get(`${dmName(group, pool)}-tpool`)
    if (!isThinPool(status)) throw new Error(`there is no thin pool ${group}/${pool}`)
    return status.usedDataBlocks
  }

  /** The bytes that all volumes take in those thin pools that are among these device-mapper names. */
  async bytesOfPools(names: ReadonlySet<string>): Promise<number> {
    const chunkBytes = parseChunkBytes(await ask(this.lab, ['dmsetup', 'table']))
    return [...this.status].reduce((sum, [name, status]) => {
      return names.has(name) && isThinPool(status) ? sum + status.usedDataBlocks * (chunkBytes.get(name) ?? 0) : sum
    }, 0)
  }

  /** The chunks of a thin volume are read now, in a command of their own. Throws when there is no such volume, or no such pool. */
  async of({ group, name, pool: poolName }: LogicalVolume): Promise<VolumeUsage> {
    const device = dmName(group, name)
    const status = this.status.get(device)
    if (status === undefined) throw new Error(`there is no device ${device}`)
    if (!isThin(status)) return { mappedBytes: status.sectors * SECTOR_BYTES }
    const poolDevice = dmName(group, poolName ?? '')
    const pool = this.status.get(`${poolDevice}-tpool`)
    if (poolName === undefined || !isThinPool(pool)) throw new Error(`${device} is a thin volume, but ${poolDevice} is not a thin pool`)
    const table = await ask(this.lab, ['dmsetup', 'table'])
    const id = parseThinTables(table).get(device)?.id
    const chunkBytes = parseChunkBytes(table).get(`${poolDevice}-tpool`)
    if (id === undefined || chunkBytes === undefined) throw new Error(`dmsetup table does not show ${device} and its pool`)
    // A volume that has no chunk is not in the pool's metadata.
    const map = (await readThinMaps(this.lab, poolDevice, { perform: this.lab.helper.perform })).get(id) ?? []
    return {
      mappedBytes: status.mappedSectors * SECTOR_BYTES,
      thin: {
        mapped: scaled(toMask(map), chunkBytes),
        poolUsedBytes: pool.usedDataBlocks * chunkBytes,
        poolTotalBytes: pool.totalDataBlocks * chunkBytes,
      },
    }
  }
}

/** The exact mapped bytes of a thin volume's device; undefined for anything else. */
export async function mappedBytesOf(lab: Lab, path: string): Promise<number | undefined> {
  const look = await lab.helper.inspectPath(path)
  if (look.kind !== 'block' || look.dmName === '') return undefined
  const status = parseStatus(await ask(lab, ['dmsetup', 'status'])).get(look.dmName)
  return isThin(status) ? status.mappedSectors * SECTOR_BYTES : undefined
}

async function ask({ helper }: Lab, argv: readonly string[]): Promise<string> {
  const { ending, stdout, stderr } = await helper.perform(argv)
  if (ending.how === 'exit' && ending.code === 0) return stdout.toString()
  throw new CommandFailed(argv, ending, stderr.toString())
}

import type { Lab } from '../lab/lab.ts'
import { runOrThrow } from '../machine/machine.ts'
import { MiB, SECTOR_BYTES } from '../units.ts'
import { makeMappedDevice } from './mapped_device.ts'
import { dmName } from './status.ts'
import type { VolumeGroup } from './volume_group.ts'

export interface ThinPoolOptions {
  readonly sizeBytes: number
  /** Default 64 KiB. */
  readonly chunkBytes?: number
  /** Zero a newly mapped chunk before its first partial write. Default: true, as in LVM. */
  readonly zeroing?: boolean
  /** lvmthin(7); default passdown, as LVM's. */
  readonly discards?: 'ignore' | 'nopassdown' | 'passdown'
  /** Whether a write that finds no space fails at once. Default: it waits for a minute, as in LVM. */
  readonly errorWhenFull?: boolean
}

export const POOL_METADATA_BYTES = 4 * MiB
/** The id that LVM gives to the first volume of a pool. */
const FIRST_THIN_ID = 1
/** Of all pools of a kernel; in seconds. */
const WAIT_FOR_SPACE = '/sys/module/dm_thin_pool/parameters/no_space_timeout'

/** Makes a thin pool. The group needs room for the pool and twice its metadata (LVM keeps a spare). */
export async function createThinPool(group: VolumeGroup, name: string, options: ThinPoolOptions): Promise<void> {
  const { sizeBytes, chunkBytes = 64 * 1024, zeroing = true, discards = 'passdown', errorWhenFull = false } = options
  await group.run([
    ...['lvcreate', '--quiet', '--yes', '--type', 'thin-pool', '--name', name, '--size', `${sizeBytes}b`],
    ...['--chunksize', `${chunkBytes}b`, '--poolmetadatasize', `${POOL_METADATA_BYTES}b`],
    ...['--zero', zeroing ? 'y' : 'n', '--discards', discards, group.name],
  ])
  if (errorWhenFull) await group.run(['lvchange', '--quiet', '--errorwhenfull', 'y', `${group.name}/${name}`])
}

/**
 * Leaves a volume in a pool that holds no volume of LVM's, as a crash does between LVM's metadata and the pool's: LVM knows nothing of it,
 * and its next new volume of the pool is this one, with its data. `sizeBytes` is its size, `fill` writes to its device.
 */
export async function leaveOrphan(
  lab: Lab,
  pool: { readonly group: string; readonly name: string },
  sizeBytes: number,
  fill: (path: string) => Promise<void>,
): Promise<void> {
  const ofPool = dmName(pool.group, pool.name)
  // The device of a pool has another name from its first volume on.
  const hasHadVolume = (await lab.helper.inspectPath(`/dev/mapper/${ofPool}-tpool`)).kind === 'block'
  const device = hasHadVolume ? `${ofPool}-tpool` : ofPool
  const tell = (message: string) => ['dmsetup', 'message', device, '0', message]
  await lab.own(
    `the orphan of ${pool.group}`,
    () => runOrThrow(lab, tell(`create_thin ${FIRST_THIN_ID}`)),
    // LVM may have removed it with the volume that it became.
    async () => void (await lab.run(tell(`delete ${FIRST_THIN_ID}`))),
  )
  const table = [`0 ${sizeBytes / SECTOR_BYTES} thin /dev/mapper/${device} ${FIRST_THIN_ID}`]
  const orphan = await makeMappedDevice(lab, lab.name('orphan'), table)
  await fill(orphan.path)
  await orphan.remove()
}

/** Lets writes that find no space in any pool of a guest fail after so many seconds, until the lab is released. */
export async function shortenWaitForSpace(lab: Lab, seconds: number): Promise<void> {
  const set = (value: string) => runOrThrow(lab, ['tee', WAIT_FOR_SPACE], { stdin: value })
  const before = await runOrThrow(lab, ['cat', WAIT_FOR_SPACE])
  await lab.own(
    `${WAIT_FOR_SPACE}, which was ${before.trim()}`,
    () => set(`${seconds}`),
    async () => void (await set(before)),
  )
}

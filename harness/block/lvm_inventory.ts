import { z } from 'zod'
import { type Machine, runOrThrow } from '../machine/machine.ts'
import { reportRows } from './lvm_report.ts'

const size = z
  .string()
  .regex(/^\d+B?$/)
  .transform((text) => Number.parseInt(text, 10))

const volumeRow = z.object({
  lv_uuid: z.string(),
  lv_name: z.string(),
  vg_name: z.string(),
  lv_size: size,
  segtype: z.string(),
  lv_role: z.string(),
  pool_lv: z.string(),
  data_percent: z.string(),
  chunk_size: size,
  lv_metadata_size: size.or(z.literal('').transform(() => 0)),
  metadata_percent: z.string(),
  thin_id: z.string(),
  lv_active: z.string(),
})

const groupRow = z.object({ vg_name: z.string(), vg_size: size, vg_free: size, vg_extent_size: size })

/** A logical volume; sizes in bytes, 0 where it has no metadata. Data% and Meta% are as lvs writes them, empty where there is none. */
export type VolumeRow = z.infer<typeof volumeRow>
/** A volume group; bytes. */
export type GroupRow = z.infer<typeof groupRow>

export interface LvmInventory {
  readonly volumes: readonly VolumeRow[]
  readonly groups: readonly GroupRow[]
}

/**
 * The volumes and groups that a machine's LVM shows, all or those of these groups. Throws CommandFailed, as on a group that
 * is not there.
 */
export async function readInventory(runner: Pick<Machine, 'run'>, groups: readonly string[]): Promise<LvmInventory> {
  const report = (program: string, row: z.ZodObject) =>
    runOrThrow(runner, [program, '--reportformat', 'json', '--units', 'b', '-o', Object.keys(row.shape).join(','), ...groups])
  return { volumes: parseVolumes(await report('lvs', volumeRow)), groups: parseGroups(await report('vgs', groupRow)) }
}

/** Reads `lvs --reportformat json --units b`; a volume of several segments comes several times, and once here. */
export function parseVolumes(text: string): VolumeRow[] {
  return [...new Map(reportRows(text, 'lv', volumeRow).map((row) => [row.lv_uuid, row])).values()]
}

/** Reads `vgs --reportformat json --units b`. */
export function parseGroups(text: string): GroupRow[] {
  return reportRows(text, 'vg', groupRow)
}

import { z } from 'zod'
import type { Lab } from '../lab/lab.ts'
import type { Lvm } from './lvm.ts'
import { reportRows } from './lvm_report.ts'
import { StorageUsage } from './usage.ts'

const physicalVolume = z.object({ pv_name: z.string(), vg_name: z.string(), pv_used: z.coerce.number() })
export type PhysicalVolume = z.infer<typeof physicalVolume>

/**
 * The bytes that logical volumes and the chunks of thin pools take on devices, by what LVM and the kernel say: the same before and after
 * if, in between, everything was removed that had been made. Devices that are no physical volumes count for what pools on them take.
 */
export async function takenBytes(lab: Lab, lvm: Lvm, devices: readonly string[]): Promise<number> {
  const rows = await physicalVolumes(lab, lvm)
  const used = rows.filter(({ pv_name }) => devices.includes(pv_name)).reduce((sum, { pv_used }) => sum + pv_used, 0)
  const above = await Promise.all(devices.map((device) => lab.helper.stackedOn(device)))
  const pools = await (await StorageUsage.read(lab)).bytesOfPools(new Set(above.flat()))
  return used + pools
}

/** The devices of a volume group. */
export async function devicesOfGroup(lab: Lab, lvm: Lvm, group: string): Promise<string[]> {
  return (await physicalVolumes(lab, lvm)).filter(({ vg_name }) => vg_name === group).map(({ pv_name }) => pv_name)
}

async function physicalVolumes(lab: Lab, lvm: Lvm): Promise<PhysicalVolume[]> {
  const text = await lvm.run(lab, ['pvs', '--reportformat', 'json', '--units', 'b', '--nosuffix', '-o', 'pv_name,vg_name,pv_used'])
  return reportRows(text, 'pv', physicalVolume)
}

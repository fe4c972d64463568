import type { Lab } from '../lab/lab.ts'
import { runOrThrow } from '../machine/machine.ts'
import { SECTOR_BYTES } from '../units.ts'
import { WITHOUT_UDEV } from './without_udev.ts'

/** A range of a device, in bytes, in whole sectors: [from, to). */
export interface BadRange {
  readonly from: number
  readonly to: number
}

/** A device over another one, on which every read and write of a range fails. It goes with the lab. Returns its path. */
export async function withBadRange(lab: Lab, name: string, below: string, { from, to }: BadRange): Promise<string> {
  const { sizeBytes } = await lab.helper.measure(below)
  const part = (start: number, end: number, target: string) =>
    end > start ? [`${start / SECTOR_BYTES} ${(end - start) / SECTOR_BYTES} ${target}`] : []
  const table = [
    ...part(0, from, `linear ${below} 0`),
    ...part(from, to, 'error'),
    ...part(to, sizeBytes, `linear ${below} ${to / SECTOR_BYTES}`),
  ]
  return lab.own(
    `the device ${name}`,
    async () => {
      await runOrThrow(lab, ['dmsetup', 'create', '--concise', `${name},,,rw,${table.join(',')}`], WITHOUT_UDEV)
      return `/dev/mapper/${name}`
    },
    async () => {
      const { dmDevices } = await lab.helper.inventory(lab.prefix)
      if (dmDevices.includes(name)) await runOrThrow(lab, ['dmsetup', 'remove', '--noudevsync', '--retry', name])
    },
  )
}

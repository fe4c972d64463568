import type { Lab } from '../lab/lab.ts'
import { runOrThrow } from '../machine/machine.ts'
import { WITHOUT_UDEV } from './without_udev.ts'

/** A device of device-mapper's that belongs to a lab. */
export interface MappedDevice {
  readonly path: string
  /** Removes it before the lab is released. */
  remove(): Promise<void>
}

/** Makes a device under a name of the lab's. Each line of its table is as dmsetup(8) has it, in sectors. */
export function makeMappedDevice(lab: Lab, name: string, table: readonly string[]): Promise<MappedDevice> {
  const remove = async () => {
    const { dmDevices } = await lab.helper.inventory(lab.prefix)
    if (dmDevices.includes(name)) await runOrThrow(lab, ['dmsetup', 'remove', '--noudevsync', '--retry', name])
  }
  return lab.own(
    `the device ${name}`,
    async () => {
      await runOrThrow(lab, ['dmsetup', 'create', '--concise', `${name},,,rw,${table.join(',')}`], WITHOUT_UDEV)
      return { path: `/dev/mapper/${name}`, remove }
    },
    remove,
  )
}

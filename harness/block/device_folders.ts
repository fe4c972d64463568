import type { Lab } from '../lab/lab.ts'
import { check } from '../machine/machine.ts'

/** Removes the links to devices that stand in /dev under a name of ours: without udev nobody else does. */
export async function removeDeviceFolders(lab: Lab, prefix: string): Promise<void> {
  for (const path of (await lab.inside.inventory(prefix)).deviceFolders) await check(lab, ['rm', '-rf', path])
}

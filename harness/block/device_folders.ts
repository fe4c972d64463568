import type { Lab } from '../lab/lab.ts'
import { runOrThrow } from '../machine/machine.ts'

/** Removes the links to devices that stand in /dev under a name of ours: without udev nobody else does. */
export async function removeDeviceFolders(lab: Lab, prefix: string): Promise<void> {
  for (const path of (await lab.helper.inventory(prefix)).deviceFolders) await runOrThrow(lab, ['rm', '-rf', path])
}

import type { Lab } from '../lab/lab.ts'
import { runOrThrow } from '../machine/machine.ts'

/** Removes the links to devices in /dev that carry a name of ours. Without udev nothing else removes them. */
export async function removeDeviceFolders(lab: Lab, prefix: string): Promise<void> {
  for (const path of (await lab.helper.inventory(prefix)).deviceFolders) await runOrThrow(lab, ['rm', '-rf', path])
}

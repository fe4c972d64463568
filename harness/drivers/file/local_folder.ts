import { rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { poisonedLoop } from '../../block/loop.ts'
import type { Lab } from '../../lab/lab.ts'
import { runOrThrow } from '../../machine/machine.ts'
import { MiB } from '../../units.ts'

/** ext4's own tables, and what its extents need. */
const OVERHEAD_BYTES = 16 * MiB

/** Makes a folder with room for `dataBytes` on an ext4 filesystem of its own, on a poisoned loop device. Returns its path. */
export async function makeLocalFolder(lab: Lab, name: string, dataBytes: number, poisonBytes?: number): Promise<string> {
  const folder = join(lab.folder, name)
  const device = await poisonedLoop(lab, name, dataBytes + OVERHEAD_BYTES, poisonBytes)
  // No journal and no lazy work: what lies on the device is only what the volumes write. 4 KiB blocks at any size.
  await runOrThrow(lab, [
    'mkfs.ext4',
    '-q',
    '-F',
    '-b',
    '4096',
    '-m',
    '0',
    '-O',
    '^has_journal',
    '-E',
    'nodiscard,lazy_itable_init=1',
    device,
  ])
  return lab.own(
    `the filesystem on ${folder}`,
    async () => {
      // On record as commands, as the script of a counterexample repeats them.
      await lab.perform(['mkdir', folder])
      await lab.perform(['mount', '-t', 'ext4', '-o', 'noinit_itable', device, folder])
      await lab.perform(['rmdir', join(folder, 'lost+found')])
      return folder
    },
    async () => {
      const { mounts } = await lab.helper.inventory(lab.prefix)
      if (mounts.includes(folder)) await lab.perform(['umount', folder])
      await rmdir(folder).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error
      })
    },
  )
}

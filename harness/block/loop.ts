import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { writePoison } from '../helper/poison.ts'
import type { Lab } from '../lab/lab.ts'

/** A loop device over a poisoned file of the lab, poisoned from end to end unless `poisonBytes` is given. Returns the device's path. */
export async function poisonedLoop(lab: Lab, name: string, sizeBytes: number, poisonBytes = sizeBytes): Promise<string> {
  const file = join(lab.folder, `${name}.img`)
  await lab.own(
    `the image ${file}`,
    () => writePoison(file, { sizeBytes, poisonBytes: Math.min(poisonBytes, sizeBytes), tag: lab.tag(), signal: lab.signal }),
    () => rm(file, { force: true }),
  )
  return lab.own(
    `the loop device over ${file}`,
    async () => (await lab.perform(['losetup', '--find', '--show', file])).trim(),
    async () => {
      const { loops } = await lab.helper.inventory(lab.prefix)
      for (const loop of loops) if (loop.file === file) await lab.perform(['losetup', '--detach', loop.device])
    },
  )
}

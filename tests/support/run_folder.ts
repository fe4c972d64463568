import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { withDir } from 'tmp-promise'

/** A folder for one run's temporary files, so that runs of other tests are not counted. */
export async function withFolder(act: (folder: string, env: Record<string, string>) => Promise<void>): Promise<void> {
  const tmpdir = existsSync('/dev/shm') ? '/dev/shm' : '/var/tmp'
  await withDir(
    async ({ path }) => {
      await mkdir(join(path, 'out'))
      await act(path, { TMPDIR: path })
    },
    { tmpdir, prefix: 'test-of-holeproof', unsafeCleanup: true },
  )
}

/** Lists the processes whose TMPDIR is the folder or lies below it. */
export async function processesOf(folder: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const lines = await Promise.all(
    pids.map(async (pid) => {
      const environment = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '')
      return environment.includes(`TMPDIR=${folder}`) ? `${pid} ${await readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => '')}` : ''
    }),
  )
  return lines.filter((line) => line !== '')
}

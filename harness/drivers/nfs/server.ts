import { copyFile, mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { writePoison } from '../../helper/poison.ts'
import type { Lab } from '../../lab/lab.ts'
import { runOrThrow } from '../../machine/machine.ts'
import { assetPath } from '../../paths.ts'
import { MiB } from '../../units.ts'

/** A real NFSv4.2 mount in the machine, served by its kernel from an ext4 filesystem on a poisoned image. */
export interface NfsServer {
  /** The mount's folder, as every program of the machine reaches it. */
  readonly mount: string
  /** The same folder on the server's own filesystem. */
  readonly disk: string
  /** Makes the server forget what it has cached of a file, so that a read shows what is stored. `path` is below the mount. */
  dropCache(lab: Lab, path: string): Promise<void>
}

/** ext4's own tables, and what its extents need. */
const OVERHEAD_BYTES = 16 * MiB
const SCRIPTS = ['start.sh', 'stop.sh', 'answerer.pl']

/** Starts an NFS server with room for `dataBytes` and mounts it. */
export async function startNfsServer(lab: Lab, dataBytes: number): Promise<NfsServer> {
  const folder = join(lab.folder, 'nfs')
  const image = join(folder, 'disk.img')
  return lab.own(
    'the NFS server',
    async () => {
      await mkdir(folder, { recursive: true })
      // The folder that a sweep finds must hold what stops the server.
      for (const name of SCRIPTS) await copyFile(assetPath(`harness/drivers/nfs/${name}`), join(folder, name))
      await writePoison(image, { sizeBytes: dataBytes + OVERHEAD_BYTES, tag: lab.tag(), signal: lab.signal })
      const namespaces = ['unshare', '--net', '--mount', '--propagation', 'private']
      await runOrThrow(lab, [...namespaces, 'sh', join(folder, 'start.sh'), folder, image, join(folder, 'answerer.pl')])
      const pid = (await readFile(join(folder, 'pid'), 'utf8')).trim()
      const root = join('/proc', pid, 'root', folder)
      const disk = join(root, 'disk')
      return { mount: join(root, 'mnt'), disk, dropCache: (user, path) => dropCache(user, join(disk, path)) }
    },
    async () => {
      await runOrThrow(lab, ['sh', join(folder, 'stop.sh'), folder])
      await rm(folder, { recursive: true, force: true })
    },
  )
}

async function dropCache(lab: Lab, file: string): Promise<void> {
  await runOrThrow(lab, ['dd', `if=${file}`, `of=${file}`, 'count=0', 'iflag=nocache', 'conv=notrunc,fdatasync', 'status=none'])
}

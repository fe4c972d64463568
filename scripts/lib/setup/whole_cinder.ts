import { existsSync } from 'node:fs'
import { cp, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { BrokenLab } from '../../../harness/errors.ts'
import { type CinderRelease, PYTHON } from '../../../harness/machine/cinder_releases.ts'
import { cacheFolder } from '../../../harness/machine/tools.ts'
import { makeOutFolder } from '../output/out.ts'
import type { Apt } from './apt.ts'
import { CINDER, compile } from './cinder.ts'
import { selectPackage, upstream, withDebian } from './debian.ts'

/** The programs that Cinder and os-brick start, and a shell with what its scripts need. Their dependencies come with them. */
const PACKAGES = [
  ...['dash', 'coreutils', 'util-linux', 'mount', 'grep', 'sed', 'perl-base', 'libc-bin', 'kmod', 'ca-certificates'],
  ...['lvm2', 'thin-provisioning-tools', 'qemu-utils', 'cryptsetup-bin', 'open-iscsi', 'nfs-common'],
  ...['python3-rtslib-fb', 'python3-cinderclient'],
]
/** It has rootwrap's filters and api-paste.ini. Its dependencies include a database and a mail server. */
const ALONE = ['cinder-common']
const systemsFolder = join(cacheFolder, 'cinder-system')

/**
 * Unpacks the programs that a release of Cinder works with, from its own suite: with the release's folder, they are the root in which the
 * whole Cinder runs. Returns their folder. Throws BrokenLab if they cannot be had.
 */
export async function bringCinderSystem(release: CinderRelease, log: (line: string) => void): Promise<string> {
  const folder = join(systemsFolder, release.version)
  if (!existsSync(folder)) await withDebian('cinder-system', release.version, (apt) => unpackSystem(apt, release, folder, log))
  return folder
}

async function unpackSystem(apt: Apt, release: CinderRelease, folder: string, log: (line: string) => void): Promise<void> {
  const packages = await apt.versions(CINDER)
  const suite = selectPackage(packages, release.version)?.suite
  if (suite === undefined) {
    const had = [...new Set(packages.map(({ version }) => upstream(version)))].join(', ')
    throw new BrokenLab(`Debian no longer has Cinder ${release.version}, whose programs come from its suite. It has ${had}.`)
  }
  log(`setup: unpacking LVM, open-iscsi and other programs of ${suite} for Cinder ${release.version} into ${folder}`)
  await makeOutFolder('HOLEPROOF_CACHE', systemsFolder)
  const unpacked = join(systemsFolder, `new.${process.pid}`)
  try {
    const ofSuite = apt.from(suite)
    await ofSuite.unpackAlone(ALONE, unpacked)
    await ofSuite.unpack(PACKAGES, unpacked)
    for (const name of ['bin', 'lib', 'lib64', 'sbin']) await mergeIntoUsr(unpacked, name)
    await compile(unpacked, join(release.folder, PYTHON))
    await rename(unpacked, folder)
  } finally {
    await rm(unpacked, { recursive: true, force: true })
  }
}

/** In the root, these folders are links into /usr. */
async function mergeIntoUsr(root: string, name: string): Promise<void> {
  const from = join(root, name)
  if (!existsSync(from)) return
  await cp(from, join(root, 'usr', name), { recursive: true, verbatimSymlinks: true })
  await rm(from, { recursive: true })
}

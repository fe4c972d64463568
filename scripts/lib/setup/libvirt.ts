import { existsSync } from 'node:fs'
import { cp, mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { libvirtRoot } from '../../../harness/machine/libvirt_root.ts'
import type { Apt } from './apt.ts'

export const LIBVIRT_PACKAGES = ['libvirt-daemon', 'libvirt-daemon-driver-qemu', 'libvirt-clients', 'qemu-system-x86'] as const

/** Unpacks this distribution's libvirt and QEMU, with all that they need and the system lacks, to be laid over the system's root. */
export async function unpackLibvirt(apt: Apt, log: (line: string) => void): Promise<void> {
  log(`setup: unpacking ${LIBVIRT_PACKAGES.join(' ')} and dependencies into ${libvirtRoot}`)
  const unpacked = `${libvirtRoot}.new`
  await rm(unpacked, { recursive: true, force: true })
  try {
    // Of packages that are installed, nothing is unpacked.
    await mkdir(unpacked, { recursive: true })
    await apt.unpack(LIBVIRT_PACKAGES, unpacked)
    for (const folder of ['bin', 'lib', 'sbin']) await mergeIntoUsr(unpacked, folder)
    await rm(libvirtRoot, { recursive: true, force: true })
    await rename(unpacked, libvirtRoot)
  } finally {
    await rm(unpacked, { recursive: true, force: true })
  }
}

/** A folder laid over the system's link of the same name would hide it. */
async function mergeIntoUsr(root: string, folder: string): Promise<void> {
  const from = join(root, folder)
  if (!existsSync(from)) return
  await cp(from, join(root, 'usr', folder), { recursive: true, verbatimSymlinks: true })
  await rm(from, { recursive: true })
}

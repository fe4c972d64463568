import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder } from './tools.ts'

/** Where the setup unpacks libvirt, QEMU and what of their dependencies the system lacks. */
export const libvirtRoot = join(cacheFolder, 'libvirt')

const DRIVER = 'usr/lib/x86_64-linux-gnu/libvirt/connection-driver/libvirt_driver_qemu.so'
const FILES = ['usr/sbin/libvirtd', 'usr/bin/virsh', 'usr/bin/qemu-system-x86_64', DRIVER]

/** Lists the files that neither the setup nor the system has installed. */
export function missingForLibvirt(): string[] {
  return FILES.filter((path) => !['/', libvirtRoot].some((root) => existsSync(join(root, path))))
}

import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { BrokenLab } from '../../../harness/errors.ts'
import { prepareKernel } from '../../../harness/machine/guest/qemu_kernel.ts'
import { cacheFolder } from '../../../harness/machine/tools.ts'
import type { Apt } from './apt.ts'

/** What depends on the newest generic kernel: in Debian, in Ubuntu. The cloud kernels have no 9p. */
const GENERIC_KERNELS = ['linux-image-amd64', 'linux-image-generic']
/** The packages of a certain kernel; Ubuntu has its modules apart. */
const KERNEL_PACKAGE = /^linux-(image|modules|modules-extra)-\d/

/** Brings the kernel that QEMU guests boot, and makes the files for it. The unpacked packages are 400 MB and not kept. */
export async function bringGuestKernel(apt: Apt, say: (line: string) => void): Promise<void> {
  const kernel = await kernelPackages(apt)
  say(`setup: ${kernel.join(' ')} busybox-static, for QEMU guests`)
  const unpacked = join(cacheFolder, 'kernel')
  try {
    await apt.unpackAlone([...kernel, 'busybox-static'], unpacked)
    await prepareKernel(unpacked)
  } finally {
    await rm(unpacked, { recursive: true, force: true })
  }
}

async function kernelPackages(apt: Apt): Promise<string[]> {
  for (const generic of GENERIC_KERNELS) {
    const packages = (await apt.dependencies(generic).catch(() => [])).filter((name) => KERNEL_PACKAGE.test(name))
    if (packages.length > 0) return packages
  }
  throw new BrokenLab(`the package lists have no kernel for QEMU guests: looked for ${GENERIC_KERNELS.join(', ')}`)
}

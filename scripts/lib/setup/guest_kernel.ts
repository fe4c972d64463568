import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { BrokenLab } from '../../../harness/errors.ts'
import { prepareKernel } from '../../../harness/machine/guest/qemu_kernel.ts'
import { cacheFolder } from '../../../harness/machine/tools.ts'
import type { Apt } from './apt.ts'

/** The packages that depend on the newest generic kernel of Debian and Ubuntu. The cloud kernels have no 9p. */
const GENERIC_KERNELS = ['linux-image-amd64', 'linux-image-generic']
/** The packages of one kernel version. Ubuntu packs its modules separately. */
const KERNEL_PACKAGE = /^linux-(image|modules|modules-extra)-\d/

/** Downloads the kernel that QEMU guests boot and makes its files. The unpacked packages take 400 MB and are deleted. */
export async function prepareGuestKernel(apt: Apt, log: (line: string) => void): Promise<void> {
  const kernel = await kernelPackages(apt)
  log(`setup: preparing ${kernel.join(' ')} busybox-static for QEMU guests`)
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
  throw new BrokenLab(`the package lists contain no kernel for QEMU guests (${GENERIC_KERNELS.join(' or ')})`)
}

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { DISTRIBUTION } from '../../../harness/certify/candidate/cinder.ts'
import { BrokenLab } from '../../../harness/errors.ts'
import { selectCinder } from '../../../harness/machine/cinder_releases.ts'
import { preparedKernel } from '../../../harness/machine/guest/qemu_kernel.ts'
import { missingForLibvirt } from '../../../harness/machine/libvirt_root.ts'
import { cacheFolder, findProgram, toolsRoot } from '../../../harness/machine/tools.ts'
import { withApt } from './apt.ts'
import { prepareGuestKernel } from './guest_kernel.ts'
import { LIBVIRT_PACKAGES, unpackLibvirt } from './libvirt.ts'

/** The packages of Debian or Ubuntu that a part of holeproof needs, and the programs and files that show that they are installed. */
interface Need {
  readonly packages: readonly string[]
  readonly programs: readonly string[]
  readonly files?: readonly string[]
}

const NEEDS = {
  storage: {
    packages: ['lvm2', 'dmsetup', 'thin-provisioning-tools', 'e2fsprogs', 'mount', 'util-linux', 'iproute2'],
    programs: ['lvm', 'dmsetup', 'thin_dump', 'losetup', 'mkfs.ext4', 'mount', 'unshare', 'nsenter', 'taskset', 'setpriv', 'ip'],
  },
  layers: { packages: ['cryptsetup-bin', 'qemu-utils'], programs: ['cryptsetup', 'qemu-img', 'qemu-nbd'] },
  uml: { packages: ['user-mode-linux'], programs: ['linux.uml'], files: ['usr/lib/uml/modules'] },
  qemu: { packages: ['qemu-system-x86', 'xz-utils', 'zstd'], programs: ['qemu-system-x86_64', 'xz', 'zstd'] },
  // Cinder itself comes with the Python of its own suite: see cinder.ts.
  cinder: { packages: ['qemu-utils'], programs: ['qemu-img'] },
  // They lie in a folder of their own: missingForLibvirt.
  libvirt: { packages: LIBVIRT_PACKAGES, programs: [] },
} satisfies Record<string, Need>

export type Part = keyof typeof NEEDS

/**
 * Unpacks the packages that these parts need and the machine lacks into the cache folder. It needs no root. Throws BrokenLab with
 * everything that is still missing.
 */
export async function setUp(parts: readonly Part[], log: (line: string) => void): Promise<void> {
  const lacking = parts.filter((part) => !isInstalled(NEEDS[part]))
  const lacksKernel = parts.includes('qemu') && preparedKernel() === undefined
  const lacksLibvirt = parts.includes('libvirt') && missingForLibvirt().length > 0
  if (lacking.length === 0 && !lacksKernel && !lacksLibvirt) return
  await withApt(async (apt) => {
    const packages = lacking.flatMap((part) => NEEDS[part].packages)
    if (packages.length > 0) {
      log(`setup: unpacking ${packages.join(' ')} and dependencies into ${cacheFolder}`)
      await apt.unpack(packages, toolsRoot)
    }
    if (lacksKernel) await prepareGuestKernel(apt, log)
    if (lacksLibvirt) await unpackLibvirt(apt, log)
  })
  const still = lacking.filter((part) => !isInstalled(NEEDS[part]))
  if (still.length === 0) return
  const names = still.flatMap((part) => missingOf(NEEDS[part]))
  throw new BrokenLab(
    `still missing after setup: ${names.join(', ')}\nInstall them with: apt-get install ${still.flatMap((part) => NEEDS[part].packages).join(' ')}`,
  )
}

/** The programs and files that a part needs and this machine lacks, and the packages that contain them. */
export function lacksOf(part: Part): { readonly missing: readonly string[]; readonly packages: readonly string[] } {
  const missing = [
    ...missingOf(NEEDS[part]),
    ...(part === 'qemu' && preparedKernel() === undefined ? ['a kernel for QEMU guests'] : []),
    ...(part === 'cinder' && selectCinder(DISTRIBUTION) === undefined ? ['python3-cinder'] : []),
    ...(part === 'libvirt' ? missingForLibvirt() : []),
  ]
  return { missing, packages: missing.length === 0 ? [] : NEEDS[part].packages }
}

function missingOf(need: Need): string[] {
  const files = (need.files ?? []).filter((file) => !existsSync(join(toolsRoot, file)) && !existsSync(join('/', file)))
  return [...need.programs.filter((name) => findProgram(name) === undefined), ...files]
}

function isInstalled(need: Need): boolean {
  return missingOf(need).length === 0
}

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { BrokenLab } from '../../../harness/errors.ts'
import { preparedKernel } from '../../../harness/machine/guest/qemu_kernel.ts'
import { cacheFolder, findProgram, toolsRoot } from '../../../harness/machine/tools.ts'
import { withApt } from './apt.ts'
import { bringCinder, isCinderThere } from './cinder.ts'
import { bringGuestKernel } from './guest_kernel.ts'

/** What a part of holeproof needs from Debian or Ubuntu: packages, and the programs or files that show they are there. */
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
  cinder: { packages: ['qemu-utils'], programs: ['qemu-img'] },
} satisfies Record<string, Need>

export type Part = keyof typeof NEEDS

/**
 * Brings what these parts need and the machine lacks into the cache folder, unpacked; needs no root. Throws BrokenLab with all
 * that is still missing.
 */
export async function setUp(parts: readonly Part[], say: (line: string) => void): Promise<void> {
  const lacking = parts.filter((part) => !isThere(NEEDS[part]))
  const lacksKernel = parts.includes('qemu') && preparedKernel() === undefined
  const lacksCinder = parts.includes('cinder') && !isCinderThere()
  if (lacking.length === 0 && !lacksKernel && !lacksCinder) return
  await withApt(async (apt) => {
    const packages = lacking.flatMap((part) => NEEDS[part].packages)
    if (packages.length > 0) {
      say(`setup: ${packages.join(' ')} and what they need, unpacked into ${cacheFolder}`)
      await apt.unpack(packages, toolsRoot)
    }
    if (lacksKernel) await bringGuestKernel(apt, say)
    if (lacksCinder) await bringCinder(apt, say)
  })
  const still = lacking.filter((part) => !isThere(NEEDS[part]))
  if (still.length === 0) return
  const names = still.flatMap((part) => missingOf(NEEDS[part]))
  throw new BrokenLab(
    `missing after the setup: ${names.join(', ')}\nThey come with: apt-get install ${still.flatMap((part) => NEEDS[part].packages).join(' ')}`,
  )
}

/** What a part needs and this machine lacks, and the packages that bring it. */
export function lacksOf(part: Part): { readonly missing: readonly string[]; readonly packages: readonly string[] } {
  const missing = [
    ...missingOf(NEEDS[part]),
    ...(part === 'qemu' && preparedKernel() === undefined ? ["a kernel for QEMU's guests"] : []),
    ...(part === 'cinder' && !isCinderThere() ? ['python3-cinder'] : []),
  ]
  return { missing, packages: missing.length === 0 ? [] : NEEDS[part].packages }
}

function missingOf(need: Need): string[] {
  const files = (need.files ?? []).filter((file) => !existsSync(join(toolsRoot, file)) && !existsSync(join('/', file)))
  return [...need.programs.filter((name) => findProgram(name) === undefined), ...files]
}

function isThere(need: Need): boolean {
  return missingOf(need).length === 0
}

import { join } from 'node:path'
import { cacheFolder, findProgram, toolsRoot } from '../tools.ts'
import { compareVersions, isVersion, versionsIn } from '../versions.ts'

/** Kernels of other suites, each in a folder named after its version: see scripts/lib/setup/uml_kernel.ts. */
export const kernelsFolder = join(cacheFolder, 'kernels')

/** A kernel for User-Mode Linux. */
export interface UmlKernel {
  /** As `uname -r` prints it, such as 7.2.7. */
  readonly version: string
  /** True for the kernel of this system's own distribution. */
  readonly ownDistribution: boolean
  readonly program: string
  /** The folder with its modules and their modules.dep. */
  readonly modules: string
  /** The folder with the C library and loader of the kernel's own suite. The program must be started in it. */
  readonly libraries?: string
}

/** Lists the kernels that can be booted, the newest first. */
export function installedKernels(): UmlKernel[] {
  const own = ownKernel()
  const unpacked = versionsIn(kernelsFolder).map((version): UmlKernel => {
    const folder = join(kernelsFolder, version)
    return { version, ownDistribution: false, program: join(folder, 'linux.uml'), modules: join(folder, 'modules'), libraries: folder }
  })
  return [...(own === undefined ? [] : [own]), ...unpacked].sort((one, other) => compareVersions(other.version, one.version))
}

/** Returns the kernel of this system's own distribution, installed or unpacked by the setup. */
function ownKernel(): UmlKernel | undefined {
  const program = findProgram('linux.uml')
  if (program === undefined) return undefined
  for (const root of [toolsRoot, '/']) {
    const folder = join(root, 'usr/lib/uml/modules')
    const [version] = versionsIn(folder)
    if (version !== undefined) return { version, ownDistribution: true, program, modules: join(folder, version) }
  }
  return undefined
}

/**
 * Selects a kernel: `newest`, `distribution` for that of the system's own distribution, or a version. `6.1` is any 6.1.x, not 6.12.
 * Returns undefined if it is not installed.
 */
export function selectKernel(wanted: string, kernels: readonly UmlKernel[] = installedKernels()): UmlKernel | undefined {
  if (wanted === 'newest') return kernels[0]
  if (wanted === 'distribution') return kernels.find(({ ownDistribution }) => ownDistribution)
  return kernels.find(({ version }) => isVersion(version, wanted))
}

/** Reports whether a kernel can handle the system calls of its processes with seccomp, which takes half the time of ptrace. */
export function hasSeccompMode({ version }: Pick<UmlKernel, 'version'>): boolean {
  return compareVersions(version, '6.16') >= 0
}

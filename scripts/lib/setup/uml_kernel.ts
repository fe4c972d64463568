import { chmod, copyFile, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { BrokenLab } from '../../../harness/errors.ts'
import { hasSeccompMode, kernelsFolder, selectKernel, type UmlKernel } from '../../../harness/machine/guest/uml_kernels.ts'
import { LOADER } from '../../../harness/machine/tools.ts'
import { makeOutFolder } from '../output/out.ts'
import type { Apt } from './apt.ts'
import { findUnpacked, selectPackage, unknownVersion, withDebian } from './debian.ts'
import { setUp } from './setup.ts'

const PACKAGE = 'user-mode-linux'

/**
 * Installs a kernel for User-Mode Linux and returns it: `newest`, `distribution` for that of this system's own distribution, or a
 * version such as 6.12. Throws UsageError if Debian does not have it, and BrokenLab if it cannot be installed.
 */
export async function bringKernel(wanted: string, log: (line: string) => void): Promise<UmlKernel> {
  const installed = selectKernel(wanted)
  // Older kernels than those with the seccomp mode are not what is meant by the newest.
  if (installed !== undefined && (wanted !== 'newest' || hasSeccompMode(installed))) return installed
  if (wanted === 'distribution') await setUp(['uml'], log)
  else await withDebian('kernel', wanted, (apt) => unpackKernel(apt, wanted, log))
  const kernel = selectKernel(wanted)
  if (kernel === undefined) throw unknownVersion(wanted, `Debian has another release of the kernel for User-Mode Linux than ${wanted}`)
  return kernel
}

async function unpackKernel(apt: Apt, wanted: string, log: (line: string) => void): Promise<void> {
  const all = await apt.versions(PACKAGE)
  const found = selectPackage(all, wanted)
  if (found === undefined)
    throw unknownVersion(
      wanted,
      `Debian has no kernel ${wanted} for User-Mode Linux. It has ${[...new Set(all.map(({ version }) => version))].join(', ')}.`,
    )
  log(`setup: unpacking ${PACKAGE} ${found.version} of Debian ${found.suite} into ${kernelsFolder}`)
  await makeOutFolder('HOLEPROOF_CACHE', kernelsFolder)
  const unpacked = join(kernelsFolder, `new.${process.pid}`)
  try {
    // The program needs a C library as new as its suite's. Older systems have an older one, so it brings its own.
    await apt.unpackAlone([`${PACKAGE}/${found.suite}`, `libc6/${found.suite}`], unpacked)
    await install(unpacked)
  } finally {
    await rm(unpacked, { recursive: true, force: true })
  }
}

/** Makes a kernel's folder of the unpacked packages: the program, its modules, the loader and the C library. */
async function install(unpacked: string): Promise<void> {
  const modules = join(unpacked, 'usr/lib/uml/modules')
  const [version] = await readdir(modules)
  if (version === undefined) throw new BrokenLab(`${PACKAGE} has no modules`)
  const folder = join(unpacked, 'kernel')
  await makeOutFolder('HOLEPROOF_CACHE', folder)
  for (const name of [LOADER, 'libc.so.6']) await copyFile(await findUnpacked(unpacked, name), join(folder, name))
  const program = join(folder, 'linux.uml')
  await writeFile(program, withLoaderBeside(await readFile(join(unpacked, 'usr/bin/linux.uml'))))
  for (const file of [program, join(folder, LOADER)]) await chmod(file, 0o755)
  await rename(join(modules, version), join(folder, 'modules'))
  await rm(join(kernelsFolder, version), { recursive: true, force: true })
  await rename(folder, join(kernelsFolder, version))
}

/**
 * Makes a program take the loader of the folder that it is started in. It is no use to call the loader with the program as its
 * argument: the heap then lies past the loader, and UML takes terabytes for its memory.
 */
export function withLoaderBeside(program: Buffer): Buffer {
  const [before, after] = [`/lib64/${LOADER}`, `./${LOADER}`]
  const at = program.indexOf(`${before}\0`)
  if (at < 0) throw new BrokenLab(`linux.uml does not name ${before} as its loader`)
  const changed = Buffer.from(program)
  changed.write(after.padEnd(before.length, '\0'), at, 'latin1')
  return changed
}

import { existsSync } from 'node:fs'
import { chmod, copyFile, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { $ } from 'zx'
import { BrokenLab, UsageError } from '../../../harness/errors.ts'
import {
  compareVersions,
  hasSeccompMode,
  isVersion,
  kernelsFolder,
  selectKernel,
  type UmlKernel,
} from '../../../harness/machine/guest/uml_kernels.ts'
import { cacheFolder, findProgram } from '../../../harness/machine/tools.ts'
import { makeOutFolder } from '../output/out.ts'
import { type Apt, withApt } from './apt.ts'
import { setUp } from './setup.ts'

/** Debian's suites that have a kernel for User-Mode Linux, the oldest first. They keep their names when Debian releases. */
const SUITES = ['oldstable', 'stable', 'testing', 'unstable'] as const
/** The suite of the newest kernel. It gets packages that have been in unstable without a serious bug. */
const NEWEST_SUITE = 'testing'
const PACKAGE = 'user-mode-linux'
/** Debian 13 renamed it. */
const KEYRINGS = ['pgp', 'gpg'].map((ending) => `/usr/share/keyrings/debian-archive-keyring.${ending}`)

/**
 * Installs a kernel for User-Mode Linux and returns it: `newest`, `distribution` for that of this system's own distribution, or a
 * version such as 6.12. Throws UsageError if Debian does not have it, and BrokenLab if it cannot be installed.
 */
export async function bringKernel(wanted: string, log: (line: string) => void): Promise<UmlKernel> {
  const installed = selectKernel(wanted)
  // Older kernels than those with the seccomp mode are not what is meant by the newest.
  if (installed !== undefined && (wanted !== 'newest' || hasSeccompMode(installed))) return installed
  if (wanted === 'distribution') await setUp(['uml'], log)
  else await unpackFromDebian(wanted, log)
  const kernel = selectKernel(wanted)
  if (kernel === undefined) throw unknownKernel(wanted, `Debian has another release of the kernel for User-Mode Linux than ${wanted}`)
  return kernel
}

async function unpackFromDebian(wanted: string, log: (line: string) => void): Promise<void> {
  const { mirror, keyring, cleanUp } = await findDebian()
  try {
    const suites = wanted === 'newest' ? [NEWEST_SUITE] : SUITES
    const lines = suites.map((suite) => `deb [signed-by=${keyring}] ${mirror} ${suite} main`)
    await withApt((apt) => unpackKernel(apt, wanted, log), { name: 'debian', lines })
  } finally {
    await cleanUp()
  }
}

async function unpackKernel(apt: Apt, wanted: string, log: (line: string) => void): Promise<void> {
  const all = await apt.versions(PACKAGE)
  const found = selectPackage(all, wanted)
  if (found === undefined)
    throw unknownKernel(
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

/** A version that Debian does not have is the user's mistake. */
function unknownKernel(wanted: string, message: string): Error {
  return /^\d/.test(wanted) ? new UsageError(message) : new BrokenLab(message)
}

/** Selects the newest package of the wanted kernel. A package's version names no more than two numbers of the kernel's: 6.12um1+b22. */
export function selectPackage<Package extends { readonly version: string }>(
  packages: readonly Package[],
  wanted: string,
): Package | undefined {
  const meant = (version: string) => wanted === 'newest' || isVersion(version, wanted.split('.').slice(0, 2).join('.'))
  return packages.filter(({ version }) => meant(version)).sort((one, other) => compareVersions(other.version, one.version))[0]
}

/** Makes a kernel's folder of the unpacked packages: the program, its modules, the loader and the C library. */
async function install(unpacked: string): Promise<void> {
  const modules = join(unpacked, 'usr/lib/uml/modules')
  const [version] = await readdir(modules)
  if (version === undefined) throw new BrokenLab(`${PACKAGE} has no modules`)
  const folder = join(unpacked, 'kernel')
  await makeOutFolder('HOLEPROOF_CACHE', folder)
  for (const name of [LOADER, 'libc.so.6']) await copyFile(await find(unpacked, name), join(folder, name))
  const program = join(folder, 'linux.uml')
  await writeFile(program, withLoaderBeside(await readFile(join(unpacked, 'usr/bin/linux.uml'))))
  for (const file of [program, join(folder, LOADER)]) await chmod(file, 0o755)
  await rename(join(modules, version), join(folder, 'modules'))
  await rm(join(kernelsFolder, version), { recursive: true, force: true })
  await rename(folder, join(kernelsFolder, version))
}

async function find(root: string, name: string): Promise<string> {
  const found = (await readdir(root, { recursive: true, withFileTypes: true })).find((entry) => entry.name === name && entry.isFile())
  if (found === undefined) throw new BrokenLab(`libc6 has no ${name}`)
  return join(found.parentPath, name)
}

const LOADER = 'ld-linux-x86-64.so.2'

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

interface Debian {
  readonly mirror: string
  readonly keyring: string
  cleanUp(): Promise<void>
}

/** Finds a mirror of Debian and the keys of its archive. On another distribution both come from packages of that distribution. */
async function findDebian(): Promise<Debian> {
  const named = process.env.HOLEPROOF_DEBIAN_MIRROR ?? (await ownMirror())
  const keyring = KEYRINGS.find((path) => existsSync(path))
  if (named !== undefined && keyring !== undefined) return { mirror: named, keyring, cleanUp: async () => {} }
  const folder = join(cacheFolder, 'debian')
  const cleanUp = () => rm(folder, { recursive: true, force: true })
  try {
    await withApt((apt) => apt.unpackAlone(['debootstrap', 'debian-archive-keyring'], folder))
    const mirror = named ?? mirrorOfDebootstrap(await readFile(join(folder, 'usr/sbin/debootstrap'), 'utf8'))
    if (mirror === undefined) throw new BrokenLab('No mirror of Debian is known. Name one with HOLEPROOF_DEBIAN_MIRROR.')
    const unpacked = KEYRINGS.map((path) => join(folder, path)).find((path) => existsSync(path))
    if (unpacked === undefined) throw new BrokenLab('debian-archive-keyring has no keyring')
    return { mirror, keyring: unpacked, cleanUp }
  } catch (error) {
    await cleanUp()
    throw error
  }
}

/** The mirror that this system's packages come from, if it is a mirror of Debian. */
async function ownMirror(): Promise<string | undefined> {
  if (findProgram('apt-get') === undefined) return undefined
  const targets = await $({ quiet: true, nothrow: true })`apt-get indextargets --format ${'$(REPO_URI)'}`
  return targets.stdout.split('\n').find((uri) => /\/debian\/?$/.test(uri))
}

/** The mirror of Debian that debootstrap takes by default. */
export function mirrorOfDebootstrap(script: string): string | undefined {
  return /^DEF_MIRROR="?([^"\s]+)"?$/m.exec(script)?.[1]
}

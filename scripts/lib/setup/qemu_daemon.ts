import { chmod, copyFile, rename, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { $ } from 'zx'
import { BrokenLab } from '../../../harness/errors.ts'
import { DAEMON, daemonIn, daemonsFolder, type Qemu, selectQemu } from '../../../harness/machine/qemu_versions.ts'
import { LOADER } from '../../../harness/machine/tools.ts'
import { compareVersions } from '../../../harness/machine/versions.ts'
import { knowsTargetIsZero } from '../../../harness/movers/mirror/options.ts'
import { makeOutFolder } from '../output/out.ts'
import type { Apt } from './apt.ts'
import { findUnpacked, selectPackage, unknownVersion, upstream, withDebian } from './debian.ts'

/** It is in all suites, and of the same version as the package that has the daemon. */
const VERSIONED = 'qemu-utils'
/** From Debian 13 on the daemon is in another package, and libraries have other names. */
const RENAMED_SINCE = '10'
const LIBRARIES = ['libc6', 'libffi8', 'libgmp10', 'libidn2-0', 'libnuma1', 'libp11-kit0', 'libpcre2-8-0', 'libtasn1-6', 'liburing2']
const ALSO = ['libzstd1', 'zlib1g']
const OLD = ['libaio1', 'libfuse3-3', 'libglib2.0-0', 'libgnutls30', 'libhogweed6', 'libnettle8', 'libunistring2']
const NEW = [
  'libaio1t64',
  'libatomic1',
  'libfuse3-4',
  'libglib2.0-0t64',
  'libgnutls30t64',
  'libhogweed6t64',
  'libnettle8t64',
  'libunistring5',
]

/**
 * Installs QEMU's storage daemon and returns it: `newest`, or a version such as 10.0. It comes with the libraries of its own suite, so
 * that any version runs on any system. Throws UsageError if Debian does not have it, and BrokenLab if it cannot be installed.
 */
export async function bringQemu(wanted: string, log: (line: string) => void): Promise<Qemu> {
  const installed = selectQemu(wanted)
  // An older one was brought on request, and is not what is meant by the newest.
  if (installed !== undefined && (wanted !== 'newest' || knowsTargetIsZero(installed.version))) return installed
  await withDebian('qemu', wanted, (apt) => unpackDaemon(apt, wanted, log))
  const brought = selectQemu(wanted)
  if (brought === undefined) throw unknownVersion(wanted, `Debian has another release of QEMU than ${wanted}`)
  return brought
}

async function unpackDaemon(apt: Apt, wanted: string, log: (line: string) => void): Promise<void> {
  const all = await apt.versions(VERSIONED)
  const found = selectPackage(all, wanted)
  if (found === undefined) {
    const had = [...new Set(all.map(({ version }) => upstream(version)))].join(', ')
    throw unknownVersion(wanted, `Debian has no QEMU ${wanted}. It has ${had}.`)
  }
  const isOld = compareVersions(upstream(found.version), RENAMED_SINCE) < 0
  const packages = [isOld ? 'qemu-system-common' : VERSIONED, ...LIBRARIES, ...ALSO, ...(isOld ? OLD : NEW)]
  log(`setup: unpacking ${DAEMON} ${upstream(found.version)} of Debian ${found.suite} into ${daemonsFolder}`)
  await makeOutFolder('HOLEPROOF_CACHE', daemonsFolder)
  const unpacked = join(daemonsFolder, `new.${process.pid}`)
  try {
    await apt.unpackAlone(
      packages.map((name) => `${name}/${found.suite}`),
      unpacked,
    )
    await install(unpacked)
  } finally {
    await rm(unpacked, { recursive: true, force: true })
  }
}

/** Makes a daemon's folder of the unpacked packages: the program, its loader and every library that it loads. */
async function install(unpacked: string): Promise<void> {
  const folder = join(unpacked, 'daemon')
  await makeOutFolder('HOLEPROOF_CACHE', folder)
  const loader = await findUnpacked(unpacked, LOADER)
  const daemon = await findUnpacked(unpacked, DAEMON)
  for (const file of [loader, daemon]) {
    await copyFile(file, join(folder, basename(file)))
    await chmod(join(folder, basename(file)), 0o755)
  }
  const places = ['lib', 'usr/lib'].map((name) => join(unpacked, name, 'x86_64-linux-gnu')).join(':')
  const listed = await $({ quiet: true, nothrow: true })`${loader} --list --library-path ${places} ${daemon}`
  const libraries = [...listed.stdout.matchAll(/^\s+\S+ => (\S+) \(/gm)].map(([, path = '']) => path)
  const foreign = libraries.filter((path) => !path.startsWith(unpacked))
  if (listed.exitCode !== 0 || foreign.length > 0)
    throw new BrokenLab(`${DAEMON} lacks libraries: ${foreign.join(' ') || listed.stderr.trim()}`)
  for (const path of libraries) await copyFile(path, join(folder, basename(path)))
  const said = await $({ quiet: true, nothrow: true })`${daemonIn(folder)} --version`
  const version = /version (\d+(?:\.\d+)+)/.exec(said.stdout)?.[1]
  if (version === undefined) throw new BrokenLab(`${DAEMON} does not run here: ${said.stderr.trim() || said.stdout.trim()}`)
  await rm(join(daemonsFolder, version), { recursive: true, force: true })
  await rename(folder, join(daemonsFolder, version))
}

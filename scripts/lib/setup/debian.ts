import { existsSync } from 'node:fs'
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { $ } from 'zx'
import { BrokenLab, UsageError } from '../../../harness/errors.ts'
import { cacheFolder, findProgram } from '../../../harness/machine/tools.ts'
import { compareVersions, isVersion } from '../../../harness/machine/versions.ts'
import { type Apt, withApt } from './apt.ts'

/** Debian's suites, the oldest first. They keep their names when Debian releases. */
const SUITES = ['oldstable', 'stable', 'testing', 'unstable'] as const
/** The suite of what is newest. It gets packages that have been in unstable without a serious bug. */
const NEWEST_SUITE = 'testing'
/** Debian 13 renamed it. */
const KEYRINGS = ['pgp', 'gpg'].map((ending) => `/usr/share/keyrings/debian-archive-keyring.${ending}`)

/**
 * Gives `work` an apt with Debian's own suites, whatever this system's distribution is: that of what is newest, or all of them when a
 * version is wanted. `name` is its own, as two may be used at once.
 */
export function withDebian(name: string, wanted: string, work: (apt: Apt) => Promise<void>): Promise<void> {
  return withSuites(name, wanted === 'newest' ? [NEWEST_SUITE] : SUITES, work)
}

/** Gives `work` an apt with these suites of Debian's, by whatever names Debian's mirrors know them. */
export async function withSuites(name: string, suites: readonly string[], work: (apt: Apt) => Promise<void>): Promise<void> {
  const { mirror, keyring, cleanUp } = await findDebian(name)
  try {
    const lines = suites.map((suite) => `deb [signed-by=${keyring}] ${mirror} ${suite} main`)
    await withApt(work, { name: `debian-${name}`, lines })
  } finally {
    await cleanUp()
  }
}

/** Selects the newest package of a wanted version. A package's version may name no more than two numbers of its program's: 6.12um1+b22. */
export function selectPackage<Package extends { readonly version: string }>(
  packages: readonly Package[],
  wanted: string,
): Package | undefined {
  const meant = (version: string) => wanted === 'newest' || isVersion(upstream(version), wanted.split('.').slice(0, 2).join('.'))
  return packages
    .filter(({ version }) => meant(version))
    .sort((one, other) => compareVersions(upstream(other.version), upstream(one.version)))[0]
}

/** A package's version without its epoch (deb-version(7)): 1:10.0.13+ds-0+deb13u1 is of 10.0.13. */
export function upstream(version: string): string {
  return version.replace(/^\d+:/, '')
}

/** A version that Debian does not have is the user's mistake. */
export function unknownVersion(wanted: string, message: string): Error {
  return /^\d/.test(wanted) ? new UsageError(message) : new BrokenLab(message)
}

/** Finds a file of unpacked packages by its name. */
export async function findUnpacked(root: string, name: string): Promise<string> {
  const found = (await readdir(root, { recursive: true, withFileTypes: true })).find((entry) => entry.name === name && !entry.isDirectory())
  if (found === undefined) throw new BrokenLab(`the unpacked packages have no ${name}`)
  return join(found.parentPath, name)
}

interface Debian {
  readonly mirror: string
  readonly keyring: string
  cleanUp(): Promise<void>
}

/** Finds a mirror of Debian and the keys of its archive. On another distribution both come from packages of that distribution. */
async function findDebian(name: string): Promise<Debian> {
  const named = process.env.HOLEPROOF_DEBIAN_MIRROR ?? (await ownMirror())
  const keyring = KEYRINGS.find((path) => existsSync(path))
  if (named !== undefined && keyring !== undefined) return { mirror: named, keyring, cleanUp: async () => {} }
  const folder = join(cacheFolder, `debian-${name}`)
  const cleanUp = () => rm(folder, { recursive: true, force: true })
  try {
    await withApt((apt) => apt.unpackAlone(['debootstrap', 'debian-archive-keyring'], folder), { name: `keys-${name}` })
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

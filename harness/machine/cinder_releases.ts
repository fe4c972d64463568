import { existsSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder } from './tools.ts'
import { compareVersions, isVersion, versionsIn } from './versions.ts'

/** Releases of Cinder, each in a folder named after its version: see scripts/lib/setup/cinder.ts. */
export const cindersFolder = join(cacheFolder, 'cinder')
/** Copies of checkouts, with compiled modules. */
export const checkoutsFolder = join(cindersFolder, 'checkouts')
/** The program in such a folder that runs the Python of the release's own suite. */
export const PYTHON = 'python'

/** A release of Cinder that Debian or Ubuntu packages. */
export interface CinderRelease {
  /** Such as 29.0.0. */
  readonly version: string
  readonly folder: string
}

/** Lists the releases that are installed, the newest first. */
export function installedCinders(): CinderRelease[] {
  return versionsIn(cindersFolder)
    .map((version) => ({ version, folder: join(cindersFolder, version) }))
    .filter(({ folder }) => existsSync(join(folder, PYTHON)))
    .sort((one, other) => compareVersions(other.version, one.version))
}

/**
 * Selects a release: a version, of which `26` is any 26.x, or the name that it was installed by: `distribution`, or a Debian suite as in
 * `debian:sid`. Returns undefined if it is not installed.
 */
export function selectCinder(wanted: string, installed: readonly CinderRelease[] = installedCinders()): CinderRelease | undefined {
  const version = /^\d/.test(wanted) ? wanted : versionOfName(wanted)
  return version === undefined ? undefined : installed.find((some) => isVersion(some.version, version))
}

/** The link that says which version a name stands for. */
export function linkOfName(name: string): string {
  return join(cindersFolder, name.replace(':', '-'))
}

function versionOfName(name: string): string | undefined {
  try {
    return readlinkSync(linkOfName(name))
  } catch {
    return undefined
  }
}

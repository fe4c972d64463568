import { existsSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { BrokenLab, UsageError } from '../../errors.ts'
import { type CinderRelease, PYTHON, selectCinder } from '../../machine/cinder_releases.ts'
import { assetPath, commandLine } from '../../paths.ts'

/** The sections of Cinder's own LVM and NFS drivers. */
export const cinderConfiguration = assetPath('adapters/cinder/cinder.conf')
/** The release that this system's distribution packages. */
export const DISTRIBUTION = 'distribution'

const SHIM = assetPath('adapters/cinder/shim.py')
/** Where a checkout's libraries come from, unless it says so itself. */
const NEWEST = 'debian:unstable'

/** What --cinder names. */
export type CinderChoice =
  /** `distribution`, a version such as 26, or `debian:` and a suite. */
  | { readonly kind: 'release'; readonly wanted: string }
  /** A source tree, with the libraries of a release. */
  | { readonly kind: 'checkout'; readonly folder: string; readonly wanted: string }
  /** A Python environment that has Cinder installed. */
  | { readonly kind: 'virtualenv'; readonly folder: string }

/** A Cinder whose drivers can be run. */
export interface Cinder {
  /** The version of a release, or a folder. */
  readonly name: string
  /** The word of --cinder that names it. */
  readonly asked: string
  /** The Python that runs it, with its environment. */
  readonly argv: readonly string[]
}

/** Reads one word of --cinder. Throws UsageError if it names nothing that can be a Cinder. */
export function parseCinder(text: string): CinderChoice {
  if (text === DISTRIBUTION || /^\d+(\.\d+)*$/.test(text) || /^debian:[a-z][a-z-]*$/.test(text)) return { kind: 'release', wanted: text }
  const [path = '', libraries = NEWEST] = text.split('@')
  const folder = resolve(path)
  if (path === '' || !existsSync(folder) || !statSync(folder).isDirectory())
    throw new UsageError(
      `--cinder: '${text}' is no folder and no release. Name a checkout, a virtualenv, a version such as 26, debian:SUITE, or ${DISTRIBUTION}.`,
    )
  if (existsSync(join(folder, 'cinder/version.py'))) return { kind: 'checkout', folder, wanted: libraries }
  if (existsSync(join(folder, 'bin/python'))) return { kind: 'virtualenv', folder }
  throw new UsageError(`--cinder: ${folder} is neither a checkout of Cinder, with cinder/version.py, nor a virtualenv, with bin/python`)
}

export function releaseOf({ version, folder }: CinderRelease): Cinder {
  return { name: version, asked: version, argv: [join(folder, PYTHON)] }
}

/** A checkout, of which `copy` is a copy that holds compiled modules, with the libraries of a release. */
export function checkoutOf(folder: string, copy: string, libraries: CinderRelease): Cinder {
  return { name: folder, asked: `${folder}@${libraries.version}`, argv: ['env', `PYTHONPATH=${copy}`, ...releaseOf(libraries).argv] }
}

export function virtualenvOf(folder: string): Cinder {
  return { name: folder, asked: folder, argv: [join(folder, 'bin/python')] }
}

/** The distribution's. Throws BrokenLab if it is not installed. */
export function distributionsCinder(): Cinder {
  const installed = selectCinder(DISTRIBUTION)
  if (installed === undefined) throw new BrokenLab(`Cinder is not installed. Install it with ${commandLine('setup --cinder')}.`)
  return releaseOf(installed)
}

/** Returns the command that serves the driver of a cinder.conf's section by the driver protocol. */
export function cinderCommand({ argv }: Cinder, section: string, configuration: string): string[] {
  return [...argv, SHIM, '--config-file', configuration, '--backend', section]
}

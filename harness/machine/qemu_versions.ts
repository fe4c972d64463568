import { join } from 'node:path'
import { cacheFolder, LOADER } from './tools.ts'
import { compareVersions, isVersion, versionsIn } from './versions.ts'

/** QEMU's storage daemons, each in a folder named after its version: see scripts/lib/setup/qemu_daemon.ts. */
export const daemonsFolder = join(cacheFolder, 'qemu')
export const DAEMON = 'qemu-storage-daemon'

/** A QEMU of some Debian suite. */
export interface Qemu {
  /** Such as 11.1.2. */
  readonly version: string
  /** How its storage daemon is started: by the loader of its own suite, whose C library it needs. */
  readonly argv: readonly string[]
}

/** Lists those that are installed, the newest first. */
export function installedQemus(): Qemu[] {
  return versionsIn(daemonsFolder)
    .map((version) => ({ version, argv: daemonIn(join(daemonsFolder, version)) }))
    .sort((one, other) => compareVersions(other.version, one.version))
}

export function daemonIn(folder: string): string[] {
  return [join(folder, LOADER), '--library-path', folder, join(folder, DAEMON)]
}

/** Selects a QEMU: `newest`, or a version, of which `10.0` is any 10.0.x. Returns undefined if it is not installed. */
export function selectQemu(wanted = 'newest', installed: readonly Qemu[] = installedQemus()): Qemu | undefined {
  return wanted === 'newest' ? installed[0] : installed.find(({ version }) => isVersion(version, wanted))
}

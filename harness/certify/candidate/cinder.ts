import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder, toolsEnvironment, toolsRoot } from '../../machine/tools.ts'
import { assetPath } from '../../paths.ts'

/** Where the setup unpacks Cinder and the Python libraries that it needs. */
export const cinderRoot = join(cacheFolder, 'cinder')
export const cinderPackages = join(cinderRoot, 'usr/lib/python3/dist-packages')
/** The sections of Cinder's own LVM and NFS drivers. */
export const cinderConfiguration = assetPath('adapters/cinder/cinder.conf')

const SHIM = assetPath('adapters/cinder/shim.py')
/** The distribution's Python: another one in PATH may not load libraries that were built for this one. */
const PYTHONS = ['/usr/bin/python3', join(cinderRoot, 'usr/bin/python3')]

/** Returns the Python that Cinder runs on; undefined before it is installed. */
export function findCinderPython(): string | undefined {
  return PYTHONS.find((path) => existsSync(path))
}

/** Returns the command that serves the driver of a cinder.conf's section by the driver protocol. */
export function cinderCommand(section: string, configuration = cinderConfiguration): string[] {
  return [findCinderPython() ?? 'python3', SHIM, '--config-file', configuration, '--backend', section]
}

/** Returns that command's environment: the unpacked Cinder, and the programs that its drivers run. */
export function cinderEnvironment(): Record<string, string> {
  return { ...toolsEnvironment([toolsRoot, cinderRoot]), PYTHONPATH: cinderPackages }
}

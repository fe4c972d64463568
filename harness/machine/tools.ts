import { existsSync, readdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/**
 * Where the setup unpacks the packages that the machine lacks: in a checkout its own folder, of an installed package the user's
 * (XDG base directory specification); `HOLEPROOF_CACHE` moves it.
 */
export const cacheFolder = resolve(process.env.HOLEPROOF_CACHE ?? (isInstalled(ROOT) ? usersCache() : join(ROOT, '.cache')))
export const toolsRoot = join(cacheFolder, 'root')

const PROGRAM_FOLDERS = ['usr/sbin', 'sbin', 'usr/bin', 'bin']

/** PATH and LD_LIBRARY_PATH that put the unpacked packages before the system's own programs. */
export function toolsEnvironment(roots: readonly string[] = [toolsRoot]): Record<string, string> {
  const programs = roots.flatMap((root) => PROGRAM_FOLDERS.map((folder) => join(root, folder)))
  const libraries = roots.flatMap((root) => ['lib', 'usr/lib'].flatMap((folder) => librariesIn(join(root, folder))))
  return {
    PATH: [...programs, '/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'].join(':'),
    ...(libraries.length > 0 && { LD_LIBRARY_PATH: libraries.join(':') }),
    LC_ALL: 'C',
  }
}

function isInstalled(folder: string): boolean {
  return folder.split('/').includes('node_modules')
}

function usersCache(): string {
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'holeproof')
}

function librariesIn(folder: string): string[] {
  if (!existsSync(folder)) return []
  const names = readdirSync(folder).filter((name) => name.endsWith('-linux-gnu'))
  return names.map((name) => join(folder, name))
}

/** The absolute path of a program: unpacked by the setup, or the system's own. */
export function findProgram(name: string): string | undefined {
  return toolsEnvironment()
    .PATH?.split(':')
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path))
}

import { existsSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import envPaths from 'env-paths'
import { assetPath, isPackage } from '../paths.ts'

/**
 * Where the setup unpacks the packages that the machine lacks: `HOLEPROOF_CACHE`, else a checkout's own folder, else the user's
 * cache folder. An installed package must be treated as read-only.
 */
export const cacheFolder = resolve(
  process.env.HOLEPROOF_CACHE ?? (isPackage ? envPaths('holeproof', { suffix: '' }).cache : assetPath('.cache')),
)
export const toolsRoot = join(cacheFolder, 'root')
/** Programs of another suite start with the loader of that suite, which the setup puts beside them. */
export const LOADER = 'ld-linux-x86-64.so.2'

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

import { accessSync, constants, existsSync, mkdtempSync, rmdirSync, statSync } from 'node:fs'
import { mkdir, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { messageOf, UsageError } from '../../../harness/errors.ts'

/** Makes the folder that an option names, with its parents, and removes the files `without` from it. Throws UsageError if it is not writable. */
export async function makeOutFolder(option: string, folder: string, without: readonly string[] = []): Promise<void> {
  try {
    await makeFolder(resolve(folder))
    tryToWrite(resolve(folder))
    for (const name of without) await rm(resolve(folder, name), { recursive: true, force: true })
  } catch (error) {
    throw unwritable(option, folder, error)
  }
}

/** Writes the file that an option names, and makes its folder. Throws UsageError if that is impossible. */
export async function writeOutFile(option: string, file: string, text: string): Promise<void> {
  try {
    await makeFolder(dirname(resolve(file)))
    await writeFile(file, text)
  } catch (error) {
    throw unwritable(option, file, error)
  }
}

/** Parses an option that names a file to write after the run. Throws UsageError, before the run, if the file is not writable. */
export function outFile(option: string): (file: string) => string {
  return (file) => {
    try {
      const there = statSync(file, { throwIfNoEntry: false })
      if (there?.isDirectory()) throw new Error('it is a folder')
      if (there === undefined) tryToWrite(dirname(resolve(file)))
      else accessSync(file, constants.W_OK)
      return file
    } catch (error) {
      throw unwritable(option, file, error)
    }
  }
}

/**
 * Throws if a folder, existing or yet to be made, is not writable. It tries, and leaves nothing behind: permissions alone do not tell,
 * because root has them below /proc too.
 */
export function tryToWrite(folder: string): void {
  if (existsSync(folder)) rmdirSync(mkdtempSync(join(folder, '.holeproof-')))
  else tryToWrite(dirname(folder))
}

function unwritable(option: string, path: string, error: unknown): UsageError {
  return new UsageError(`${option}: cannot write to ${path}: ${messageOf(error)}`)
}

/** Makes a folder and its parents without mkdir's `recursive`, which never returns below /proc on Node 20. */
async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'EEXIST' && (await stat(folder)).isDirectory()) return
    if (code !== 'ENOENT' || dirname(folder) === folder) throw error
    await makeFolder(dirname(folder))
    await mkdir(folder)
  }
}

import { accessSync, constants, existsSync, mkdtempSync, rmdirSync, statSync } from 'node:fs'
import { mkdir, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { messageOf, UsageError } from '../../../harness/errors.ts'

/** Makes the folder that an option names, with those above it, and takes these of its files away. Throws UsageError where nothing can be written. */
export async function makeOutFolder(option: string, folder: string, without: readonly string[] = []): Promise<void> {
  try {
    await makeFolder(resolve(folder))
    tryToWrite(resolve(folder))
    for (const name of without) await rm(resolve(folder, name), { recursive: true, force: true })
  } catch (error) {
    throw unwritable(option, folder, error)
  }
}

/** Writes the file that an option names, in a folder that need not be there. Throws UsageError where nothing can be written. */
export async function writeOutFile(option: string, file: string, text: string): Promise<void> {
  try {
    await makeFolder(dirname(resolve(file)))
    await writeFile(file, text)
  } catch (error) {
    throw unwritable(option, file, error)
  }
}

/** The file that an option names, to be written when a run has ended. Throws UsageError where it cannot be. */
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
 * Throws where nothing can be written to a folder, be it there or yet to be made, and leaves nothing behind. Being told that one may
 * write is not enough: root may below /proc, where nobody can.
 */
export function tryToWrite(folder: string): void {
  if (existsSync(folder)) rmdirSync(mkdtempSync(join(folder, '.holeproof-')))
  else tryToWrite(dirname(folder))
}

function unwritable(option: string, path: string, error: unknown): UsageError {
  return new UsageError(`${option}: nothing can be written to ${path}: ${messageOf(error)}`)
}

/** Not mkdir's own `recursive`: below /proc, where no folder can be made, Node 20 tries for ever. */
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

import { existsSync } from 'node:fs'
import { chmod, realpath, rm, statfs, writeFile } from 'node:fs/promises'
import { freemem } from 'node:os'
import { join } from 'node:path'
import { dir } from 'tmp-promise'
import { BrokenLab, messageOf } from '../errors.ts'
import { startHere } from '../machine/native.ts'
import { newRunName } from '../machine/prefix.ts'
import { MiB } from '../units.ts'
import { writeOwner } from './owner.ts'

/** Where runs may put their folder, best first. `TMPDIR` outranks them all. */
export const temporaryFolders = [...new Set([process.env.TMPDIR ?? '', '/dev/shm', '/tmp', '/var/tmp'])].filter((folder) => folder !== '')

/** A run's private folder: images, guests' memory, everything else that is temporary. */
export interface RunFolder {
  readonly path: string
  /** The folder's own name: the prefix of all that the run makes. */
  readonly prefix: string
  remove(): Promise<void>
}

/**
 * Makes the run's folder where `wantedBytes` fit and programs may run: a guest's memory is a file that it executes, and a
 * noexec or full mount would end the guest without a word.
 */
export async function makeRunFolder(wantedBytes: number): Promise<RunFolder> {
  const refusals: string[] = []
  for (const base of temporaryFolders) {
    const refusal = await whyUnusable(base, wantedBytes)
    if (refusal !== undefined) {
      refusals.push(`  ${base}: ${refusal}`)
      continue
    }
    const prefix = newRunName()
    // The kernel shows loop devices by the resolved path, so links are resolved now.
    const { path, cleanup } = await dir({ tmpdir: await realpath(base), name: prefix, mode: 0o700, unsafeCleanup: true })
    await writeOwner(path)
    return { path, prefix, remove: cleanup }
  }
  throw new BrokenLab(
    ['no folder for temporary files will do:', ...refusals, 'Set TMPDIR to a folder with room, on a mount that allows execution.'].join(
      '\n',
    ),
  )
}

/** Why runs cannot have their folder there; undefined when they can. */
export async function whyUnusable(base: string, wantedBytes: number): Promise<string | undefined> {
  if (!existsSync(base)) return 'does not exist'
  const { bavail, bsize, type } = await statfs(base)
  const free = bavail * bsize
  if (free < wantedBytes) return `${mebibytes(free)} free, ${mebibytes(wantedBytes)} needed`
  const TMPFS_MAGIC = 0x01021994
  if (type === TMPFS_MAGIC && freemem() < wantedBytes * 1.5) return `is memory, of which ${mebibytes(freemem())} is free`
  const probe = join(base, `${newRunName()}.probe`)
  try {
    await writeFile(probe, '#!/bin/sh\nexit 0\n')
    await chmod(probe, 0o700)
    const ending = await startHere([probe], {}).ended
    return ending.how === 'exit' && ending.code === 0 ? undefined : 'programs there may not run (mounted noexec?)'
  } catch (error) {
    return messageOf(error)
  } finally {
    await rm(probe, { force: true })
  }
}

function mebibytes(bytes: number): string {
  return `${Math.floor(bytes / MiB)} MiB`
}

import { parseChunkBytes, parseThinTables } from '../block/status.ts'
import { readThinMaps } from '../block/thin_map.ts'
import { clip, type RangeMap, range, scaled, toMask } from '../content/ranges.ts'
import { BrokenLab, messageOf } from '../errors.ts'
import type { PathInfo } from '../helper/surroundings.ts'
import { type Machine, runOrThrow } from '../machine/machine.ts'
import { assetPath } from '../paths.ts'

/** Where a volume may hold anything but zeros, in bytes. */
export interface VolumeData {
  readonly data: RangeMap<true>
  /** How that is known; or why it is not, so that `data` is the whole volume. */
  readonly holes: string
}

/**
 * Reads what is known of a volume's holes without reading them: of a thin volume from its pool's metadata, of a file from its filesystem.
 * What was written to it must have been flushed. Throws BrokenLab when a snapshot of the pool's metadata could not be released.
 */
export async function dataOf(runner: Pick<Machine, 'run'>, path: string, look: PathInfo, signal: AbortSignal): Promise<VolumeData> {
  try {
    if (look.kind === 'file') return await dataOfFile(runner, path, look.sizeBytes)
    if (look.kind === 'block' && look.dmName !== '') return await dataOfMapped(runner, look, signal)
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof BrokenLab) throw error // something of ours is left in the pool
    return whole(look, `not known: ${messageOf(error).split('\n')[0]}`)
  }
  return whole(look, 'not known: a device of this kind does not tell')
}

function whole(look: PathInfo, holes: string): VolumeData {
  const sizeBytes = look.kind === 'block' || look.kind === 'file' ? look.sizeBytes : 0
  return { data: range(0, sizeBytes, true), holes }
}

async function dataOfFile(runner: Pick<Machine, 'run'>, path: string, sizeBytes: number): Promise<VolumeData> {
  const text = await runOrThrow(runner, ['perl', assetPath('harness/diff/data_extents.pl'), path])
  const extents = [...text.matchAll(/^(\d+) (\d+)$/gm)].map(([, from, to]) => ({
    from: Number(from),
    to: Number(to),
    value: true as const,
  }))
  return { data: clip(extents, 0, sizeBytes), holes: 'told by its filesystem' }
}

async function dataOfMapped(
  runner: Pick<Machine, 'run'>,
  look: Extract<PathInfo, { kind: 'block' }>,
  signal: AbortSignal,
): Promise<VolumeData> {
  const tables = await runOrThrow(runner, ['dmsetup', 'table'])
  const thin = parseThinTables(tables).get(look.dmName)
  if (thin === undefined) return whole(look, 'not known: it is not a thin volume')
  if (thin.origin !== undefined) return whole(look, 'not known: it has an external origin, which shows where it is not mapped')
  const pool = (await runOrThrow(runner, ['dmsetup', 'info', '--noheadings', '--columns', '-o', 'name', ...deviceWords(thin.pool)])).trim()
  const chunkBytes = parseChunkBytes(tables).get(pool)
  if (chunkBytes === undefined || !pool.endsWith(POOL_SUFFIX)) return whole(look, `not known: ${pool} is not a thin pool of LVM's`)
  const maps = await readThinMaps(runner, pool.slice(0, -POOL_SUFFIX.length), { signal })
  return { data: clip(scaled(toMask(maps.get(thin.id) ?? []), chunkBytes), 0, look.sizeBytes), holes: "told by its pool's metadata" }
}

const POOL_SUFFIX = '-tpool'

/** The words by which dmsetup takes a device number, as `253:4`. */
function deviceWords(number: string): string[] {
  const [major = '', minor = ''] = number.split(':')
  return ['--major', major, '--minor', minor]
}

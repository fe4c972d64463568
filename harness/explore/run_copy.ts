import { dmName, isThin, isThinPool, parseStatus, parseThinIds } from '../block/status.ts'
import { readThinMaps } from '../block/thin_map.ts'
import { cover, type RangeMap, range, scaled, shifted, subtract } from '../content/ranges.ts'
import type { Lab } from '../lab/lab.ts'
import { runOrThrow } from '../machine/machine.ts'
import type { Measured, MeasuredSpace } from '../model/compare.ts'
import { type Prediction, predict } from '../model/copy_case.ts'
import type { Verification } from '../result/bytes.ts'
import type { CopyCase, StorageSpec } from '../result/copy.ts'
import type { TestBed } from '../testbed/test_bed.ts'
import { type BuiltCase, type BuiltVolume, buildStorage } from './build_storage.ts'
import { type CopyOutcome, performCopy } from './perform_copy.ts'

/** A copy as it was predicted and as it came out. */
export interface CopyRun {
  readonly prediction: Prediction
  readonly measured: Measured
  readonly verification: Verification
}

/** Makes a copy on real storage, copies, and holds what came of it against the model. The storage goes with the lab. */
export async function runCopy(
  testBed: TestBed,
  lab: Lab,
  copyCase: CopyCase,
  model: (copyCase: CopyCase) => Prediction = predict,
): Promise<CopyRun> {
  const prediction = model(copyCase)
  const onStorage = await buildStorage(testBed, lab, copyCase)
  const { source, destination, content } = onStorage
  const sourceSpace = await spaceOf(lab, source, copyCase.source.storage)
  const copied = await performCopy(lab, copyCase.copy, { from: source.path, to: destination.path }, content, async () =>
    clipTo(sourceSpace.space.mapped ?? range(0, copyCase.sizeBytes, true), copyCase.sizeBytes),
  )
  // A larger destination is read to its end: what lies there is predicted too.
  const actualBytes = (await lab.helper.measure(destination.path)).sizeBytes
  const verification = await lab.helper.verify(destination.path, { ...content, sizeBytes: actualBytes }, false)
  const measured = await measure(lab, copyCase, onStorage, { copied, verification, source: sourceSpace.space })
  return { prediction, measured, verification }
}

function clipTo(ranges: RangeMap<true>, sizeBytes: number): RangeMap<true> {
  return subtract(ranges, range(sizeBytes, Number.MAX_SAFE_INTEGER, true))
}

async function measure(
  lab: Lab,
  copyCase: CopyCase,
  { destination }: BuiltCase,
  { copied, verification, source }: { copied: CopyOutcome; verification: Verification; source: MeasuredSpace },
): Promise<Measured> {
  const { space, poolUsedBytes } = await spaceOf(lab, destination, copyCase.destination.storage, copyCase.destination.cryptHeaderBytes)
  const { byteClasses, checkedBytes } = verification
  return {
    ...(byteClasses !== undefined && { byteClasses }),
    classifiedBytes: checkedBytes,
    source,
    destination: space,
    // A header takes what its writer pleases.
    ...(poolUsedBytes !== undefined && copyCase.destination.cryptHeaderBytes === undefined && { poolUsedBytes }),
    ...copied.moved,
    discardRefused: copied.discardRefused,
  }
}

async function spaceOf(
  lab: Lab,
  { path, volume }: BuiltVolume,
  storage: StorageSpec,
  headerBytes = 0,
): Promise<{ space: MeasuredSpace; poolUsedBytes?: number }> {
  if (volume === undefined) return { space: { mappedBytes: (await lab.helper.measure(path)).allocatedBytes, slack: true } }
  const device = dmName(volume.group, volume.name)
  const status = parseStatus(await runOrThrow(lab, ['dmsetup', 'status']))
  const own = status.get(device)
  if (own === undefined) throw new Error(`no device ${device}`)
  if (!isThin(own)) return { space: { mappedBytes: own.sectors * 512 - headerBytes, slack: false } }
  if (storage.kind !== 'thin' || volume.pool === undefined) throw new Error(`${device} is thin, and should be ${storage.kind}`)
  const poolDevice = dmName(volume.group, volume.pool)
  const pool = status.get(`${poolDevice}-tpool`)
  if (!isThinPool(pool)) throw new Error(`no pool ${poolDevice}`)
  const id = parseThinIds(await runOrThrow(lab, ['dmsetup', 'table'])).get(device)
  const maps = await readThinMaps(lab, poolDevice)
  const chunks = id === undefined ? undefined : maps.get(id)
  // A volume that has nothing is not in the pool's metadata.
  const all = scaled(cover(chunks ?? []), storage.chunkBytes)
  const mapped = shifted(subtract(all, range(0, headerBytes, true)), -headerBytes)
  const inHeader = all.reduce((sum, { from, to }) => sum + Math.max(0, Math.min(to, headerBytes) - from), 0)
  return {
    space: { mappedBytes: own.mappedSectors * 512 - inHeader, slack: false, mapped },
    poolUsedBytes: pool.usedDataBlocks * storage.chunkBytes,
  }
}

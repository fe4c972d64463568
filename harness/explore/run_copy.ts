import { StorageUsage } from '../block/usage.ts'
import { clip, lengthOf, range, shifted, subtract } from '../content/ranges.ts'
import type { Lab } from '../lab/lab.ts'
import type { Measured, MeasuredSpace } from '../model/compare.ts'
import { type Prediction, predict } from '../model/copy_case.ts'
import type { Writes } from '../model/live.ts'
import type { Verification } from '../result/bytes.ts'
import type { CopyCase, StorageSpec } from '../result/copy.ts'
import { PhaseClock } from '../testbed/phases.ts'
import type { TestBed } from '../testbed/test_bed.ts'
import { type BuiltCase, type BuiltVolume, buildStorage, dropSource } from './build_storage.ts'
import { type CopyOutcome, performCopy } from './perform_copy.ts'

/** A copy as it was predicted and as it came out. */
export interface CopyRun {
  readonly prediction: Prediction
  readonly measured: Measured
  readonly verification: Verification
  /** What an instance wrote while the volume was copied. */
  readonly writes?: Writes
}

/** Makes a copy on real storage, copies, and holds what came of it against the model. The storage goes with the lab. */
export async function runCopy(
  testBed: TestBed,
  lab: Lab,
  copyCase: CopyCase,
  model: (copyCase: CopyCase) => Prediction = predict,
  clock = new PhaseClock(),
): Promise<CopyRun> {
  const prediction = model(copyCase)
  const onStorage = await clock.time('storage', () => buildStorage(testBed, lab, copyCase))
  const { source, destination, content } = onStorage
  const sourceSpace = await clock.time('look', () => spaceOf(lab, source, copyCase.source.storage))
  const mapped = clip(sourceSpace.space.mapped ?? range<true>(0, copyCase.sizeBytes, true), 0, copyCase.sizeBytes)
  const paths = { from: source.path, to: destination.path }
  const copied = await clock.time('copy', () => performCopy(testBed, lab, copyCase.copy, paths, content, mapped))
  // A larger destination is read to its end: what lies there is predicted too.
  const actualBytes = (await lab.helper.measure(destination.path)).sizeBytes
  const { writes } = copied
  const held = { ...(writes?.held ?? content), sizeBytes: actualBytes }
  const verification = await clock.time('verify', () => lab.helper.verify(destination.path, held, false))
  const measured = await clock.time('look', () => measure(lab, copyCase, onStorage, { copied, verification, source: sourceSpace.space }))
  if (writes !== undefined) await clock.time('release', () => dropSource(testBed))
  return { prediction, measured, verification, ...(writes && { writes }) }
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
  const { mappedBytes, thin } = await (await StorageUsage.read(lab)).of(volume)
  if ((thin === undefined) !== (storage.kind !== 'thin')) throw new Error(`${path} was to be ${storage.kind}, and is not`)
  if (thin === undefined) return { space: { mappedBytes: mappedBytes - headerBytes, slack: false } }
  const header = range(0, headerBytes, true)
  const mapped = subtract(thin.mapped, header)
  const inHeader = lengthOf(thin.mapped) - lengthOf(mapped)
  return {
    space: { mappedBytes: mappedBytes - inHeader, slack: false, mapped: shifted(mapped, -headerBytes) },
    poolUsedBytes: thin.poolUsedBytes,
  }
}

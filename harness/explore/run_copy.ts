import { dmName, isThin, isThinPool, parseStatus, parseThinIds } from '../block/status.ts'
import { readThinMaps } from '../block/thin_map.ts'
import { cover, type Runs, run, scaled, shifted, without } from '../content/runs.ts'
import type { Surveyed } from '../content/verify.ts'
import type { Lab } from '../lab/lab.ts'
import { check } from '../machine/machine.ts'
import type { Measured, MeasuredSpace } from '../model/compare.ts'
import { type Prediction, predict, type StorageSpec, type World } from '../model/world.ts'
import type { Bench } from '../testbed/test_bed.ts'
import { type LaidOut, layOut, type WorldOnStorage } from './build_storage.ts'
import { type CarriedOut, carryOut } from './perform_copy.ts'

/** A world as it was predicted and as it came out. */
export interface WorldRun {
  readonly prediction: Prediction
  readonly measured: Measured
  readonly verification: Surveyed
}

/** Makes a world on real storage, copies, and holds what came of it against the model. The storage goes with the lab. */
export async function runWorld(bench: Bench, lab: Lab, world: World, model: (world: World) => Prediction = predict): Promise<WorldRun> {
  const prediction = model(world)
  const onStorage = await layOut(bench, lab, world)
  const { source, destination, content } = onStorage
  const sourceSpace = await spaceOf(lab, source, world.source.storage)
  const carried = await carryOut(lab, world.copy, { from: source.path, to: destination.path }, content, async () =>
    clipTo(sourceSpace.space.mapped ?? run(0, world.sizeBytes, true), world.sizeBytes),
  )
  // A larger destination is read to its end: what lies there is predicted too.
  const actualBytes = (await lab.inside.measure(destination.path)).sizeBytes
  const verification = await lab.inside.verify(destination.path, { ...content, sizeBytes: actualBytes }, false)
  const measured = await measure(lab, world, onStorage, { carried, verification, source: sourceSpace.space })
  return { prediction, measured, verification }
}

function clipTo(runs: Runs<true>, sizeBytes: number): Runs<true> {
  return without(runs, run(sizeBytes, Number.MAX_SAFE_INTEGER, true))
}

async function measure(
  lab: Lab,
  world: World,
  { destination }: WorldOnStorage,
  { carried, verification, source }: { carried: CarriedOut; verification: Surveyed; source: MeasuredSpace },
): Promise<Measured> {
  const { space, poolUsedBytes } = await spaceOf(lab, destination, world.destination.storage, world.destination.cryptHeaderBytes)
  const { survey, checkedBytes } = verification
  return {
    ...(survey !== undefined && { survey }),
    surveyedBytes: checkedBytes,
    source,
    destination: space,
    // A header takes what its writer pleases.
    ...(poolUsedBytes !== undefined && world.destination.cryptHeaderBytes === undefined && { poolUsedBytes }),
    ...carried.moved,
    discardRefused: carried.discardRefused,
  }
}

async function spaceOf(
  lab: Lab,
  { path, volume }: LaidOut,
  storage: StorageSpec,
  headerBytes = 0,
): Promise<{ space: MeasuredSpace; poolUsedBytes?: number }> {
  if (volume === undefined) return { space: { mappedBytes: (await lab.inside.measure(path)).allocatedBytes, slack: true } }
  const device = dmName(volume.group, volume.name)
  const status = parseStatus(await check(lab, ['dmsetup', 'status']))
  const own = status.get(device)
  if (own === undefined) throw new Error(`no device ${device}`)
  if (!isThin(own)) return { space: { mappedBytes: own.sectors * 512 - headerBytes, slack: false } }
  if (storage.kind !== 'thin' || volume.pool === undefined) throw new Error(`${device} is thin, and should be ${storage.kind}`)
  const poolDevice = dmName(volume.group, volume.pool)
  const pool = status.get(`${poolDevice}-tpool`)
  if (!isThinPool(pool)) throw new Error(`no pool ${poolDevice}`)
  const id = parseThinIds(await check(lab, ['dmsetup', 'table'])).get(device)
  const maps = await readThinMaps(lab, poolDevice)
  const chunks = id === undefined ? undefined : maps.get(id)
  // A volume that has nothing is not in the pool's metadata.
  const all = scaled(cover(chunks ?? []), storage.chunkBytes)
  const mapped = shifted(without(all, run(0, headerBytes, true)), -headerBytes)
  const inHeader = all.reduce((sum, { from, to }) => sum + Math.max(0, Math.min(to, headerBytes) - from), 0)
  return {
    space: { mappedBytes: own.mappedSectors * 512 - inHeader, slack: false, mapped },
    poolUsedBytes: pool.usedDataBlocks * storage.chunkBytes,
  }
}

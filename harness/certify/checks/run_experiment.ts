import { type Content, wholly } from '../../content/content.ts'
import type { Signature } from '../../content/signatures.ts'
import { MiB, sizeText } from '../../units.ts'
import { DriverFault, DriverGone, NotMadeDirty } from '../candidate/faults.ts'
import type { DriverSession, DriverVolume } from '../session/driver_session.ts'
import type { Experiment, Reading } from './cases.ts'

/** How the driver's storage was filled. */
export interface Fill {
  readonly volumes: number
  /** The size of each volume, in bytes. */
  readonly sizeBytes: number
  /** The error that ended it early; undefined when all of the storage was written. */
  readonly endedBy?: string
}

/** Storage is filled with about this many volumes. */
const FILL_VOLUMES = 4
/** Storage that is not filled at once is filled this often at most: space is handed out from the start on, or in turn. */
const MOST_FILLS = 2

/** Runs an experiment and reads every volume of it to its last byte. Its volumes are deleted, or set aside. */
export async function runExperiment(
  session: DriverSession,
  experiment: Experiment,
  then: 'delete' | 'set-aside' = 'delete',
): Promise<Reading[]> {
  if (experiment.reused) await makeDirty(session, bytesOf(session, experiment))
  const volumes: DriverVolume[] = []
  for (let made = 0; made < experiment.volumes; made++) volumes.push(await session.create(experiment.sizeBytes))
  const readings: Reading[] = []
  const grownOnes: DriverVolume[] = []
  for (const [index, volume] of volumes.entries()) {
    const { extendedTo } = experiment
    const grown = extendedTo === undefined ? volume : await session.extend(volume, extendedTo)
    grownOnes.push(grown)
    const actualBytes = await grown.actualBytes()
    const extents = experiment.writes.map((extent) => ({ ...extent, write: 'data' as const }))
    const content: Content = { sizeBytes: actualBytes, tag: session.lab.tag(), extents }
    if (extents.length > 0) await grown.write(content)
    readings.push({ volume: index + 1, name: volume.name, actualBytes, verification: await grown.verify(content) })
  }
  for (const volume of grownOnes.toReversed()) await (then === 'delete' ? volume.delete() : session.setAside(volume))
  return readings
}

/** The storage that an experiment hands out, in bytes. */
export function bytesOf(session: DriverSession, { volumes, sizeBytes, extendedTo = sizeBytes }: Experiment): number {
  return volumes * session.roundUp(extendedTo)
}

/**
 * Sees to it that the next volumes, of so many bytes in all, get storage that was filled and freed, as far as there is room. Throws
 * NotMadeDirty where the driver has brought up more storage than is filled.
 */
export async function makeDirty(session: DriverSession, bytes: number): Promise<void> {
  if (session.dirty >= bytes) return
  const { volumes, sizeBytes } = await fillAndFree(session)
  const own = session.ownStorageBytes ?? 0
  const fills = Math.ceil(own / (volumes * sizeBytes))
  if (fills > MOST_FILLS) {
    session.noteDirty(0)
    const filled = `${sizeText(volumes * sizeBytes)} of the ${sizeText(own)} of storage that the driver brought up itself could be filled`
    throw new NotMadeDirty(`${filled}, so volumes may lie where no old bytes are: give --storage its size in MiB`)
  }
  for (let done = 1; done < fills; done++) await fillAndFree(session)
}

/** Makes room for an experiment beside the volumes that were set aside. */
export async function makeRoom(session: DriverSession, experiment: Experiment): Promise<void> {
  if (session.asideBytes + bytesOf(session, experiment) > session.roomBytes) await session.deleteAside()
}

/** Fills the driver's storage with volumes full of data, and keeps them. */
async function fill(
  session: DriverSession,
  signaturesIn: SignaturesIn = () => [],
): Promise<Fill & { readonly made: readonly DriverVolume[] }> {
  const sizeBytes = session.roundUp(Math.floor(session.fillBytes / FILL_VOLUMES / MiB) * MiB)
  const made: DriverVolume[] = []
  while ((made.length + 1) * sizeBytes <= session.fillBytes) {
    let volume: DriverVolume
    try {
      volume = await session.create(sizeBytes)
    } catch (error) {
      if (!(error instanceof DriverFault) || error instanceof DriverGone || made.length === 0) throw error
      return { made, sizeBytes, volumes: made.length, endedBy: error.message }
    }
    made.push(volume)
    await volume.write({
      sizeBytes,
      tag: session.lab.tag(),
      extents: wholly(sizeBytes),
      signatures: signaturesIn(sizeBytes),
    })
    await volume.detach()
  }
  return { made, sizeBytes, volumes: made.length }
}

/** The signatures among the data of a volume of this size in bytes. */
type SignaturesIn = (sizeBytes: number) => readonly Signature[]

/** Fills the storage, then deletes all the volumes. */
export async function fillAndFree(session: DriverSession, signaturesIn?: SignaturesIn): Promise<Fill> {
  await session.deleteAside()
  const { made, ...filled } = await fill(session, signaturesIn)
  for (const volume of made.toReversed()) await volume.delete()
  session.noteDirty(filled.volumes * filled.sizeBytes)
  return filled
}

export function describeFill({ volumes, sizeBytes, endedBy }: Fill): string {
  return `${volumes} volumes of ${sizeText(sizeBytes)} filled${endedBy === undefined ? '' : ' until no more fitted'}, and deleted`
}

import type { Content } from '../../content/content.ts'
import { type Signature, type SignatureName, signatureBytes } from '../../content/signatures.ts'
import { NotOffered } from '../../protocol/volume_service.ts'
import { KiB, MiB, SECTOR_BYTES, sizeText } from '../../units.ts'
import type { DriverSession, DriverVolume } from '../session/driver_session.ts'
import type { Experiment } from './cases.ts'
import { type Check, type CheckOutcome, refuted, upheld } from './check.ts'
import { makeSource } from './migrate_content.ts'
import { moveAway } from './migration_contract.ts'
import { judgeReadings } from './reads_zero.ts'
import { fillAndFree, runExperiment } from './run_experiment.ts'
import { wrongIn } from './volume_content.ts'

/** The places where tools look for each signature, from the start of a device. */
const PLACES: Readonly<Record<SignatureName, number>> = {
  ...{ luks: 0, mbr: 0, qcow2: 0, 'qcow2-backed': 0, xfs: 0 },
  ...{ gpt: SECTOR_BYTES, lvm: SECTOR_BYTES, ext2: KiB, swap: 4 * KiB - 10, md: 4 * KiB },
}
/** Signatures that fit beside each other at the start of a volume; and so many volumes hold all of them. */
const VOLUMES: readonly (readonly SignatureName[])[] = [
  ['qcow2'],
  ['qcow2-backed'],
  ['mbr', 'gpt', 'ext2'],
  ['luks', 'swap', 'md'],
  ['xfs', 'lvm'],
]
/** What udev brings to life by itself, as it runs on machines that are no guests: then it would not be the driver's doing. */
const FOR_GUESTS: readonly SignatureName[] = ['md', 'lvm']
/** Some tools look for these in the last sector too. */
const AT_THE_END: readonly SignatureName[] = ['gpt']
const PEER = 'lvm-thin'

/** Storage full of the beginnings of filesystems and images, as it is after years of use. */
export const signaturesOnStorage: Check = {
  id: 'signatures-on-storage',
  title: 'volumes are made without a question, and read as promised, where the storage holds the signatures of other data',
  soilsStorage: true,
  run: async ({ session }) => {
    await fillAndFree(session, (sizeBytes) => everyMiB(sizeBytes).filter(({ name }) => isSafe(session, name)))
    const experiment: Experiment = { kind: 'new', reused: false, volumes: 2, sizeBytes: session.volumeBytes, writes: [] }
    const outcome = judgeReadings(session.claim, { ...experiment, reused: true }, await runExperiment(session, experiment))
    return outcome.verdict === 'upheld'
      ? { ...outcome, text: `on the signatures of filesystems, swap, LUKS, RAID, LVM and partitions: ${outcome.text}` }
      : outcome
  },
}

function isSafe({ lab }: DriverSession, name: SignatureName): boolean {
  return lab.machine.kind !== 'native' || !FOR_GUESTS.includes(name)
}

/** Signatures at every MiB: wherever a volume begins, they are at its start. */
function everyMiB(sizeBytes: number): Signature[] {
  const sets: readonly (readonly SignatureName[])[] = [
    ['luks', 'ext2', 'swap', 'md'],
    ['mbr', 'gpt', 'ext2', 'swap'],
    ['xfs', 'lvm'],
  ]
  return Array.from({ length: Math.floor(sizeBytes / MiB) }, (_, index) =>
    (sets[index % sets.length] ?? []).map((name) => ({ offset: index * MiB + PLACES[name], name })),
  ).flat()
}

/** Content that means something to a program must mean nothing to the driver. */
export const signaturesStayBytes: Check = {
  id: 'signatures-stay-bytes',
  title:
    'a volume that holds a filesystem, partitions, a volume group, an image or an encrypted device keeps it as bytes in all that is done',
  soilsStorage: true,
  run: async ({ session, peers }) => {
    const kept = new Set<string>()
    const volumes = VOLUMES.map((names) => names.filter((name) => isSafe(session, name)))
    for (const names of volumes) {
      const outcome = await keepsSignatures(session, names, kept)
      if (outcome !== undefined) return outcome
      const faults = await session.cleanUp()
      if (faults.length > 0) return refuted(faults.join('; '))
    }
    const moved = await peers.withFresh(PEER, async (peer) => {
      for (const names of volumes) {
        const { volume, content } = await makeSigned(session, names)
        const away = await moveAway(session, peer, volume, content)
        if (away.arrived === undefined) return away.outcome
        const wrong = await wrongAfter(`when it was moved by the ${away.movedBy}`, names, away.arrived, content)
        if (wrong !== undefined) return wrong
        if (away.movedBy !== 'driver') return undefined
        kept.add('moved')
      }
      return undefined
    })
    return moved ?? upheld(`kept as bytes: ${volumes.flat().join(', ')}, in volumes that were ${[...kept].join(', ')}`)
  },
}

async function keepsSignatures(
  session: DriverSession,
  names: readonly SignatureName[],
  kept: Set<string>,
): Promise<CheckOutcome | undefined> {
  const { volume, content } = await makeSigned(session, names)
  let last = volume
  let clone: DriverVolume | undefined
  const steps: readonly { readonly what: string; readonly take: () => Promise<DriverVolume | undefined> }[] = [
    { what: 'attached again', take: async () => volume },
    {
      what: 'restored from a snapshot',
      take: async () => session.createFromSnapshot((await session.snapshot(volume.name)).name, volume),
    },
    {
      what: 'cloned from',
      take: async () => {
        clone = await session.clone(volume)
        return volume
      },
    },
    { what: 'cloned', take: async () => clone },
    { what: 'extended', take: () => session.extend(last, 2 * volume.sizeBytes) },
  ]
  for (const { what, take } of steps) {
    try {
      const taken = await take()
      if (taken === undefined) continue
      last = taken
      const alive = await broughtToLife(last)
      if (alive !== undefined) return refuted(`the driver made ${alive} of what it found in a volume that was ${what}`)
      const wrong = await wrongAfter(`in a volume that was ${what}`, names, last, content)
      if (wrong !== undefined) return wrong
      await last.detach()
      kept.add(what)
    } catch (error) {
      if (!(error instanceof NotOffered)) throw error
    }
  }
  return undefined
}

/** Makes a volume that begins with signatures; data lies around them, and at its end. */
async function makeSigned(session: DriverSession, names: readonly SignatureName[]): Promise<{ volume: DriverVolume; content: Content }> {
  const sizeBytes = session.volumeBytes
  const content: Content = {
    sizeBytes,
    tag: session.lab.tag(),
    extents: [
      { offset: 0, length: 64 * KiB, write: 'data' },
      { offset: sizeBytes - 64 * KiB, length: 64 * KiB, write: 'data' },
    ],
    signatures: [
      ...names.map((name) => ({ offset: PLACES[name], name })),
      ...names.filter((name) => AT_THE_END.includes(name)).map((name) => ({ offset: sizeBytes - SECTOR_BYTES, name })),
    ],
  }
  const volume = await makeSource(session, content)
  await volume.detach()
  return { volume, content }
}

async function wrongAfter(
  when: string,
  names: readonly SignatureName[],
  volume: DriverVolume,
  content: Content,
): Promise<CheckOutcome | undefined> {
  const wrong = await wrongIn(volume, content)
  const what = names.map((name) => `${name} (${sizeText(signatureBytes(name).length)})`).join(' and ')
  return wrong && { ...wrong, text: `the signature of ${what} was not kept ${when}: ${wrong.text}` }
}

/** What stands on a volume that has just been attached: nobody but the driver, or what it has told the machine to do, has opened it. */
async function broughtToLife(volume: DriverVolume): Promise<string | undefined> {
  const above = await volume.session.lab.helper.stackedOn(await volume.attach())
  return above.length === 0 ? undefined : above.join(' and ')
}

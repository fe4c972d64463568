import { describeDifference } from '../../result/describe.ts'
import { MiB, SECTOR_BYTES, sizeText } from '../../units.ts'
import type { DriverSession } from '../session/driver_session.ts'
import { describeCase, type Experiment, firstStale, type Reading } from './cases.ts'
import { type Check, type CheckOutcome, type WrongBytes, wrongBytesOf } from './check.ts'
import { bytesOf, describeFill, fillAndFree, makeDirty, makeRoom, runExperiment } from './run_experiment.ts'

const GRAINS = [SECTOR_BYTES, 4096, 64 * 1024, MiB] as const
const VOLUMES = 3
/** A driver need not offer to extend volumes. */
const EXTENSIONS = ['extended-reads-zero', 'reused-reads-zero/extended']

interface ZeroExperiment {
  /** The last part of the id of its check on space that was used before. */
  readonly name: string
  readonly experimentFor: (session: DriverSession) => Experiment
}

const rounded: ZeroExperiment = {
  name: 'rounded',
  experimentFor: (session) => plain(session.stepBytes === 1 ? 5 * MiB + 3 * SECTOR_BYTES : session.volumeBytes + session.stepBytes),
}
const extended: ZeroExperiment = {
  name: 'extended',
  experimentFor: (session) => ({ ...plain(session.volumeBytes), extendedTo: 2 * session.volumeBytes }),
}
const partialWrites = GRAINS.map((grain) => ({
  grain,
  name: grain === SECTOR_BYTES ? '512' : sizeText(grain).replace(' KiB', 'k').replace(' MiB', 'm'),
  experimentFor: ({ volumeBytes }: DriverSession) => ({ ...plain(volumeBytes), writes: scatteredWrites(volumeBytes, grain) }),
}))

/**
 * A claim promises that every unwritten byte of a new volume reads as zero, after any pattern of partial writes. First on space that
 * was never used: the volumes of these checks stay, so that none gets what another has zeroed. Then on space that was filled and freed.
 */
export const readsZero: readonly Check[] = [
  onNewSpace('new-reads-zero', 'a new volume reads as zero on storage that holds old bytes', ({ volumeBytes }) => plain(volumeBytes)),
  onNewSpace(
    'rounded-size-reads-zero',
    'a volume of an odd size reads as zero to its last byte, also where it is larger than asked for',
    rounded.experimentFor,
  ),
  onNewSpace('extended-reads-zero', 'the space that an extension adds reads as zero', extended.experimentFor),
  onNewSpace('every-volume-reads-zero', 'all of several new volumes read as zero, not just the first', ({ volumeBytes, fillBytes }) => ({
    ...plain(volumeBytes),
    volumes: Math.max(1, Math.min(VOLUMES, Math.floor(fillBytes / volumeBytes))),
  })),
  ...partialWrites.map(({ name, grain, experimentFor }) =>
    onNewSpace(`partial-writes-read-zero/${name}`, `writes of ${sizeText(grain)} do not expose old bytes around them`, experimentFor),
  ),
  {
    id: 'reused-reads-zero',
    title: 'new volumes read as zero on space that other volumes filled and freed',
    run: ({ session }) => reuse(session),
  },
  onUsedSpace(rounded, 'a volume of an odd size reads as zero on space that was filled and freed'),
  ...partialWrites.map((partial) =>
    onUsedSpace(partial, `writes of ${sizeText(partial.grain)} do not expose what was on the space before it was freed`),
  ),
  onUsedSpace(extended, 'what an extension adds reads as zero where other volumes were'),
  onUsedSpace(
    { name: 'after-restart', experimentFor: ({ volumeBytes }) => plain(volumeBytes) },
    'a new volume reads as zero where other volumes were, after a restart of the driver',
    (session) => session.restart(),
  ),
  onUsedSpace(
    { name: 'after-kill', experimentFor: ({ volumeBytes }) => plain(volumeBytes) },
    'a new volume reads as zero where other volumes were, after the driver was killed',
    (session) => session.killAndRestart(),
  ),
]

function plain(sizeBytes: number): Experiment {
  return { kind: 'new', reused: false, volumes: 1, sizeBytes, writes: [] }
}

function onNewSpace(id: string, title: string, experimentFor: ZeroExperiment['experimentFor']): Check {
  return {
    id,
    title,
    setsAside: true,
    run: async ({ session }) => {
      const experiment = experimentFor(session)
      if (!bringsStorage(session)) {
        await makeRoom(session, experiment)
        const outcome = judgeReadings(session.claim, experiment, await runExperiment(session, experiment, 'set-aside'))
        if (outcome.verdict === 'refuted' || !bringsStorage(session)) return outcome
      }
      // Nobody has poisoned what the driver has brought up itself.
      return judgeUsedSpace(session, experiment)
    },
  }
}

function onUsedSpace({ name, experimentFor }: ZeroExperiment, title: string, before?: (session: DriverSession) => Promise<void>): Check {
  return {
    id: `reused-reads-zero/${name}`,
    title,
    setsAside: true,
    run: async ({ session }) => {
      return judgeUsedSpace(session, experimentFor(session), before)
    },
  }
}

/** As far as is known: a volume is looked at first. */
function bringsStorage({ ownStorageBytes = 0 }: DriverSession): boolean {
  return ownStorageBytes > 0
}

async function judgeUsedSpace(
  session: DriverSession,
  experiment: Experiment,
  before: (session: DriverSession) => Promise<void> = async () => {},
): Promise<CheckOutcome> {
  const reused = { ...experiment, reused: true }
  await makeDirty(session, bytesOf(session, reused))
  await before(session)
  return judgeReadings(session.claim, reused, await runExperiment(session, reused, 'set-aside'))
}

/** Returns some writes of a grain: at the start, off the edges of chunks and blocks, and at the end. */
function scatteredWrites(volumeBytes: number, grain: number): { offset: number; length: number }[] {
  const offsets = [0, 2 * MiB + grain, 4 * MiB + 3 * grain, volumeBytes - grain].map((offset) => Math.floor(offset / grain) * grain)
  return offsets.map((offset) => ({ offset, length: grain }))
}

/**
 * A single stale byte refutes a claim. Where nothing is claimed, stale bytes are only mentioned, but written data must be there:
 * also past stale bytes, and in a volume after one that holds them. Pure.
 */
export function judgeReadings(claim: boolean, experiment: Experiment, readings: readonly Reading[]): CheckOutcome {
  const what = describeCase(experiment)
  const fault = findWrong(claim ? readings : readings.map(lossesIn))
  if (fault !== undefined) {
    const text = `${what}: ${fault.text}`
    // The search is for stale bytes, and a driver that claims nothing may show them.
    return { verdict: 'refuted', readZero: false, text, wrong: fault.wrong, ...(claim && { shownBy: experiment }) }
  }
  const stale = findWrong(readings)
  if (stale !== undefined) return { verdict: 'upheld', readZero: false, text: `nothing is promised; ${what}: ${stale.text}` }
  const bytes = readings.reduce((sum, { actualBytes }) => sum + actualBytes, 0)
  return { verdict: 'upheld', readZero: true, text: `${what}: all ${sizeText(bytes)} read as they should` }
}

function findWrong(readings: readonly Reading[]): { wrong: WrongBytes; text: string } | undefined {
  const stale = firstStale(readings)
  const wrong = stale && wrongBytesOf(stale)
  if (stale === undefined || wrong === undefined) return undefined
  const which = readings.length > 1 ? `volume ${stale.volume}: ` : ''
  return { wrong, text: `${which}${wrong.count} of ${stale.actualBytes} bytes are wrong, first ${describeDifference(wrong.first)}` }
}

/** Reduces a reading to the bytes that were written. */
function lossesIn(reading: Reading): Reading {
  const differences = reading.verification.differences.filter(({ expected }) => expected === 'data')
  const wrongBytes = differences.reduce((sum, { wrong }) => sum + wrong, 0)
  return { ...reading, verification: { ...reading.verification, differences, wrongBytes } }
}

async function reuse(session: DriverSession): Promise<CheckOutcome> {
  const fill = await fillAndFree(session)
  const sector = [{ offset: MiB + SECTOR_BYTES, length: SECTOR_BYTES }]
  const experiment: Experiment = { kind: 'new', reused: false, volumes: fill.volumes, sizeBytes: fill.sizeBytes, writes: sector }
  const outcome = judgeReadings(session.claim, { ...experiment, reused: true }, await runExperiment(session, experiment))
  return { ...outcome, text: `${describeFill(fill)}; ${outcome.text}` }
}

/**
 * Returns a note on a driver that does not claim although it could, as far as these checks show. `readZero` holds, for each check
 * that ran, true when everything unwritten read as zero. Pure.
 */
export function wastedSpace(readZero: ReadonlyMap<string, boolean>): string | undefined {
  const ran = readsZero.filter(({ id }) => readZero.has(id))
  const needed = readsZero.filter(({ id }) => !EXTENSIONS.includes(id))
  if (![...needed, ...ran].every(({ id }) => readZero.get(id) === true)) return undefined
  return `in all ${ran.length} checks its new volumes read as zeros, but it does not claim that: every volume that is migrated to it takes its full size`
}

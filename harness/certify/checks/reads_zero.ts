import { describeDifference } from '../../result/describe.ts'
import { MiB, SECTOR_BYTES, sizeText } from '../../units.ts'
import type { DriverSession } from '../session/driver_session.ts'
import { describeCase, type Experiment, firstStale, type Reading } from './cases.ts'
import { type Check, type CheckOutcome, type WrongBytes, wrongBytesOf } from './check.ts'
import { describeFill, fillAndFree, runExperiment } from './run_experiment.ts'

const GRAINS = [SECTOR_BYTES, 4096, 64 * 1024, MiB] as const
const VOLUMES = 4

/** A claim promises that every unwritten byte of a new volume reads as zero, after any pattern of partial writes. */
export const readsZero: readonly Check[] = [
  zeroCheck('new-reads-zero', 'a new volume reads as zero on storage that holds old bytes', ({ volumeBytes }) => plain(volumeBytes)),
  zeroCheck(
    'rounded-size-reads-zero',
    'a volume of an odd size reads as zero to its last byte, also where it is larger than asked for',
    (session) => plain(session.stepBytes === 1 ? 5 * MiB + 3 * SECTOR_BYTES : session.volumeBytes + session.stepBytes),
  ),
  zeroCheck('every-volume-reads-zero', 'all of several new volumes read as zero, not just the first', ({ volumeBytes, fillBytes }) => ({
    ...plain(volumeBytes),
    volumes: Math.max(1, Math.min(VOLUMES, Math.floor(fillBytes / volumeBytes))),
  })),
  ...GRAINS.map((grain) =>
    zeroCheck(
      `partial-writes-read-zero/${grain === SECTOR_BYTES ? '512' : sizeText(grain).replace(' KiB', 'k').replace(' MiB', 'm')}`,
      `writes of ${sizeText(grain)} do not expose old bytes around them`,
      ({ volumeBytes }) => ({ ...plain(volumeBytes), writes: scatteredWrites(volumeBytes, grain) }),
    ),
  ),
  zeroCheck('extended-reads-zero', 'the space that an extension adds reads as zero', (session) => ({
    ...plain(session.volumeBytes),
    extendedTo: 2 * session.volumeBytes,
  })),
  {
    id: 'reused-reads-zero',
    title: 'new volumes read as zero on space that other volumes filled and freed',
    run: ({ session }) => reuse(session),
  },
]

function plain(sizeBytes: number): Experiment {
  return { kind: 'new', reused: false, volumes: 1, sizeBytes, writes: [] }
}

function zeroCheck(id: string, title: string, experimentFor: (session: DriverSession) => Experiment): Check {
  return {
    id,
    title,
    run: async ({ session }) => {
      const experiment = experimentFor(session)
      return judgeReadings(session.claim, experiment, await runExperiment(session, experiment))
    },
  }
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
  // A driver need not offer to extend volumes.
  const needed = readsZero.filter(({ id }) => id !== 'extended-reads-zero')
  if (![...needed, ...ran].every(({ id }) => readZero.get(id) === true)) return undefined
  return `in all ${ran.length} checks its new volumes read as zeros, but it does not claim that: every volume that is migrated to it takes its full size`
}

import { messageOf } from '../errors.ts'
import type { MachineChoice } from '../machine/machine.ts'
import { soundParts } from '../migration/parts.ts'
import type { Limits } from '../protocol/volume_service.ts'
import type { Result } from '../result/result.ts'
import type { CertifyEvent } from '../testbed/events.ts'
import { GUEST_MIB, guestCount } from '../testbed/open_machines.ts'
import { runQueue } from '../testbed/queue.ts'
import { runInSession, Session, type SessionOptions } from '../testbed/session.ts'
import type { TestBed } from '../testbed/test_bed.ts'
import { MiB } from '../units.ts'
import type { Candidate } from './candidate/candidate.ts'
import { FOLDER_POISON_BYTES } from './candidate/provision.ts'
import { Certification, type CertificationOptions } from './certification.ts'
import type { Check } from './checks/check.ts'
import { divideChecks, listChecks } from './checks/list_checks.ts'
import type { DriverConditions } from './session/driver_session.ts'
import { DriverUnderTest } from './session/driver_under_test.ts'
import { Peers } from './session/peers.ts'

/** The drivers to certify, where, and how; everything that has a default may be left out. */
export interface CertifyOptions extends Partial<CertificationOptions>, Partial<DriverConditions> {
  readonly candidates: readonly Candidate[]
  readonly machine: MachineChoice
  readonly seed: number
  /** Other drivers to migrate from and to, beside the built-in ones. */
  readonly peers?: readonly Candidate[]
  /** The version of holeproof, for the record of the run. */
  readonly version?: string
  /** Stops the run. */
  readonly signal?: AbortSignal
  readonly onEvent?: (event: CertifyEvent) => void
}

export const CANDIDATE_LIMITS: Limits = { askSeconds: 10, verbSeconds: 60 }
export const SEARCH_SECONDS = 120
export const STORAGE_BYTES = 128 * MiB
/** A Python program with all of Cinder's libraries takes 150 MiB. */
export const PROGRAM_MIB = 192
const LEAST_PEER_BYTES = 64 * MiB

const DEFAULTS = {
  peers: [],
  storageBytes: STORAGE_BYTES,
  limits: CANDIDATE_LIMITS,
  options: {},
  only: () => true,
  seconds: Number.MAX_SAFE_INTEGER,
  searchSeconds: SEARCH_SECONDS,
  repeat: () => '',
  version: 'unknown',
  onEvent: () => {},
} satisfies Partial<CertifyOptions>

/**
 * Certifies drivers, several at once where there are several machines; a driver that is alone is installed on two of them, and each
 * installation takes a part of the checks. Throws BrokenLab when no machine can be opened.
 */
export async function certify(given: CertifyOptions): Promise<Result> {
  const stop = new AbortController()
  const whole = withDefaults(given)
  const options = { ...whole, signal: AbortSignal.any([whole.signal, stop.signal]) }
  const { candidates, signal, onEvent } = options
  return runInSession({ ...sessionOptions(options), version: options.version, signal }, async ({ testBeds }) => {
    const peersOn = new Map<TestBed, Peers>()
    const peersOf = (testBed: TestBed) => {
      const peers = peersOn.get(testBed) ?? openPeers(testBed, options)
      peersOn.set(testBed, peers)
      return peers
    }
    const checks = listChecks(options.peers)
    const parts = testBeds.length > candidates.length ? partsOf(options) : [checks]
    const certifications = candidates.map((candidate) => new Certification(candidate, checks, options, parts))
    const installations = certifications.flatMap((certification) => parts.map((part) => ({ certification, part })))

    const { leaks, why } = await runQueue(installations, testBeds, signal, async (testBed, { certification, part }) => {
      const driver = new DriverUnderTest(testBed, certification.candidate, peersOf(testBed), options)
      let broken = false
      for (const check of part) {
        const result = await certification.run(check, driver).catch((error: unknown) => {
          stop.abort() // it is no driver at all
          throw error
        })
        broken ||= result.verdict === 'broken'
        if (certification.hasRun(check)) onEvent({ kind: 'check-ended', driver: certification.candidate.name, check: result })
      }
      const leaks = await certification.close(driver)
      return { broken: broken || leaks.length > 0, leaks }
    })
    const left: string[] = []
    for (const peers of peersOn.values()) left.push(...(await peers.close().catch((error: unknown) => [messageOf(error)])))
    return { certificates: certifications.map((certification) => certification.certificate(why)), leaks: [...leaks, ...left] }
  })
}

/** Opens the machines that drivers are certified on. */
export function openSession(options: CertifyOptions): Promise<Session> {
  return Session.open(sessionOptions(withDefaults(options)))
}

/** The peers on a test bed; the drivers that are certified on it share them. */
export function openPeers(testBed: TestBed, given: CertifyOptions): Peers {
  const options = withDefaults(given)
  return new Peers(testBed, options.peers, { ...options, storageBytes: peerBytes(options) })
}

/** A driver that one installation holds to all checks. */
export function openCertification(testBed: TestBed, candidate: Candidate, peers: Peers, given: CertifyOptions) {
  const options = withDefaults(given)
  const driver = new DriverUnderTest(testBed, candidate, peers, options)
  const certification = new Certification(candidate, listChecks(options.peers), options)
  return { run: (check: Check) => certification.run(check, driver), close: () => certification.close(driver) }
}

/** The checks of each installation of a driver that has two machines for itself. */
function partsOf({ candidates, peers, only }: WholeOptions): (readonly Check[])[] {
  const checks = listChecks(peers)
  const isWanted = ({ id, phase }: Check) => phase === undefined && candidates.some((candidate) => only(id, candidate))
  const parts = divideChecks(checks).filter((part) => part.some(isWanted))
  return parts.length > 1 ? parts : [checks]
}

type WholeOptions = Required<CertifyOptions>

function withDefaults(options: CertifyOptions): WholeOptions {
  return { ...DEFAULTS, signal: new AbortController().signal, ...options }
}

function sessionOptions(options: WholeOptions): SessionOptions {
  const { machine, seed, signal } = options
  return {
    machine,
    machines: machinesFor(options),
    imageBytes: imageBytes(options),
    nfsBytes: nfsBytes(options),
    memoryMiB: GUEST_MIB + PROGRAM_MIB * programs(options),
    seed,
    mover: soundParts.mover,
    signal,
  }
}

/** The number of machines that a run can use. */
function machinesFor(options: WholeOptions): number {
  return Math.max(options.candidates.length, partsOf(options).length)
}

/** How many drivers that are programs may run at once: the one under test, once more for its counterexamples, and a peer. */
function programs({ candidates, peers }: WholeOptions): number {
  const isProgram = ({ kind }: Candidate) => kind === 'program' || kind === 'cinder'
  return (candidates.some(isProgram) ? 2 : 0) + peers.filter(isProgram).length
}

/** A peer holds one volume at a time. */
function peerBytes({ storageBytes }: WholeOptions): number {
  return Math.max(LEAST_PEER_BYTES, Math.ceil(storageBytes / 3 / MiB) * MiB)
}

/** The NFS peers hold a volume each, and a driver under test may fill its share. */
function nfsBytes(options: WholeOptions): number {
  const own = options.candidates.some((candidate) => candidate.kind === 'built-in') ? options.storageBytes : 0
  return own + 2 * peerBytes(options)
}

/** The bytes of all images: on each machine a driver's storage, once more for the counterexamples, the peers', and the NFS disk. */
function imageBytes(options: WholeOptions): number {
  const machines = guestCount(machinesFor(options))
  return (
    machines * (2 * options.storageBytes + 2 * FOLDER_POISON_BYTES + (2 + options.peers.length) * peerBytes(options) + nfsBytes(options))
  )
}

import { messageOf } from '../errors.ts'
import type { MachineKind } from '../machine/machine.ts'
import { soundParts } from '../migration/parts.ts'
import type { Limits } from '../protocol/volume_service.ts'
import type { Certificate } from '../result/certificate.ts'
import type { Result } from '../result/result.ts'
import { notShownDriver } from '../result/verdicts.ts'
import type { CertifyEvent } from '../testbed/events.ts'
import { GUEST_MIB } from '../testbed/open_machines.ts'
import { runQueue } from '../testbed/queue.ts'
import { runInSession, Session, type SessionOptions } from '../testbed/session.ts'
import type { TestBed } from '../testbed/test_bed.ts'
import { MiB } from '../units.ts'
import type { Candidate } from './candidate/candidate.ts'
import { FOLDER_POISON_BYTES } from './candidate/provision.ts'
import { Certification, type CertificationOptions, listChecks } from './certification.ts'
import { Peers } from './peers.ts'

/** Which drivers are certified, and where. */
export interface CertifySessionOptions extends CertificationOptions {
  readonly candidates: readonly Candidate[]
  /** Other drivers to migrate from and to, beside the built-in ones. */
  readonly peers: readonly Candidate[]
  readonly machine: MachineKind
  readonly seed: number
}

export interface CertifyOptions extends CertifySessionOptions {
  readonly version: string
  readonly onEvent: (event: CertifyEvent) => void
}

export const CANDIDATE_LIMITS: Limits = { askSeconds: 10, verbSeconds: 60 }
export const STORAGE_BYTES = 128 * MiB
/** A Python program with all of Cinder's libraries takes 150 MiB. */
const PROGRAM_MIB = 192
const LEAST_PEER_BYTES = 64 * MiB

/** Certifies drivers, several at once where several machines can be had. Throws BrokenLab when none can. */
export async function certify(options: CertifyOptions): Promise<Result> {
  const { candidates, signal, version } = options
  const checks = listChecks(options.peers)
  return runInSession({ ...sessionOptions(options), version, signal }, async ({ testBeds }) => {
    const certificates = new Map<Candidate, Certificate>()
    const peersOn = new Map<TestBed, Peers>()
    const peersOf = (testBed: TestBed) => {
      const known = peersOn.get(testBed) ?? openPeers(testBed, options)
      peersOn.set(testBed, known)
      return known
    }
    const { leaks, why } = await runQueue(candidates, testBeds, signal, async (testBed, candidate) => {
      const certification = new Certification(testBed, candidate, peersOf(testBed), options)
      for (const [index, check] of checks.entries()) {
        const result = await certification.run(check)
        options.onEvent({ kind: 'check-ended', driver: candidate.name, check: result, done: index + 1, total: checks.length })
      }
      const { certificate, leaks } = await certification.end()
      certificates.set(candidate, certificate)
      options.onEvent({ kind: 'driver-ended', certificate })
      return { broken: certificate.verdict === 'broken', leaks }
    })
    const left: string[] = []
    for (const peers of peersOn.values()) left.push(...(await peers.close().catch((error: unknown) => [messageOf(error)])))
    return {
      certificates: candidates.map(
        (candidate) => certificates.get(candidate) ?? notShownDriver(candidate.name, candidate.kind, why, options.repeat(candidate)),
      ),
      leaks: [...leaks, ...left],
    }
  })
}

/** The machines that drivers are certified on. */
export function openSession(options: CertifySessionOptions): Promise<Session> {
  return Session.open(sessionOptions(options))
}

function sessionOptions(options: CertifySessionOptions): SessionOptions {
  const { machine, candidates, seed, signal } = options
  return {
    machine,
    machines: candidates.length,
    imageBytes: imageBytes(options),
    nfsBytes: nfsBytes(options),
    memoryMiB: GUEST_MIB + PROGRAM_MIB * programs(options),
    seed,
    mover: soundParts.mover,
    signal,
  }
}

/** How many drivers that are programs may run at once: the one under test, once more for its counterexamples, and a peer. */
function programs({ candidates, peers }: CertifySessionOptions): number {
  const isProgram = ({ kind }: Candidate) => kind === 'program'
  return (candidates.some(isProgram) ? 2 : 0) + peers.filter(isProgram).length
}

/** The drivers on a test bed that others migrate from and to. */
export function openPeers(testBed: TestBed, options: CertifySessionOptions): Peers {
  return new Peers(testBed, options.peers, { ...options, storageBytes: peerBytes(options) })
}

/** A peer holds one volume at a time. */
function peerBytes({ storageBytes }: CertifySessionOptions): number {
  return Math.max(LEAST_PEER_BYTES, storageBytes / 3)
}

/** The NFS peers hold a volume each, and a driver under test may fill its share. */
function nfsBytes(options: CertifySessionOptions): number {
  const own = options.candidates.some((candidate) => candidate.kind === 'built-in') ? options.storageBytes : 0
  return own + 2 * peerBytes(options)
}

/** On each machine a driver's storage, once more for the counterexamples, the peers', and the NFS disk. */
function imageBytes(options: CertifySessionOptions): number {
  const machines = Math.min(2, options.candidates.length)
  return (
    machines * (2 * options.storageBytes + 2 * FOLDER_POISON_BYTES + (2 + options.peers.length) * peerBytes(options) + nfsBytes(options))
  )
}

import { matrixDrivers } from '../drivers/backend.ts'
import { messageOf } from '../errors.ts'
import type { Lab } from '../lab/lab.ts'
import type { Limits } from '../protocol/volume_service.ts'
import type { TestBed } from '../testbed/test_bed.ts'
import type { Candidate } from './candidate/candidate.ts'
import { DriverFault, DriverProcess, PeerFailed } from './candidate/driver_process.ts'
import { provision } from './candidate/provision.ts'
import type { Peer } from './checks/copy_checks.ts'
import type { Recorder } from './counterexample/recorder.ts'
import { DriverSession, type DriverSessionNames } from './driver_session.ts'

export interface DriverSessionOptions {
  /** The storage that the driver is given, in bytes. */
  readonly storageBytes: number
  readonly limits: Limits
  /** The user's --option KEY=VALUE. */
  readonly options: Readonly<Record<string, string>>
}

/** Sets a driver up on poisoned storage in a lab. Throws DriverFault when the driver does not come up. */
export async function openDriverSession(
  testBed: TestBed,
  lab: Lab,
  candidate: Candidate,
  names: DriverSessionNames,
  options: DriverSessionOptions,
): Promise<DriverSession> {
  const installation = await provision(testBed, lab, candidate, options)
  const { setup: asked, program } = installation
  if (asked !== undefined && program !== undefined) names.recorder?.programs.push({ driver: names.name, ...program, asked })
  const driver = await DriverProcess.open(lab, installation, options.limits)
  return new DriverSession(names, testBed, driver, await driver.service.getCapabilities())
}

/** The drivers that others migrate from and to, by name: the matrix's own, and the peers that the user named. */
export function peerCandidates(peers: readonly Candidate[]): Candidate[] {
  return [...matrixDrivers.map((driver): Candidate => ({ kind: 'built-in', name: driver, driver })), ...peers]
}

/** How a driver is called that another one is certified with. */
export function peerNames({ name }: Candidate): DriverSessionNames {
  return { name: `the peer ${name}`, noun: `${name.replace(/[^A-Za-z0-9-]/g, '-')}-volume` }
}

/** The peers on one test bed, each set up at its first use and kept for the drivers that come after. */
export class Peers {
  private readonly testBed: TestBed
  private readonly options: DriverSessionOptions
  private readonly candidates: readonly Candidate[]
  private readonly opened = new Map<string, Promise<DriverSession>>()
  private readonly labs: Lab[] = []
  private readonly leaks: string[] = []

  constructor(testBed: TestBed, peers: readonly Candidate[], options: DriverSessionOptions) {
    this.testBed = testBed
    this.options = options
    this.candidates = peerCandidates(peers)
  }

  /** Another instance of a peer, on storage of its own in this lab. */
  openIn(lab: Lab, recorder: Recorder, name: string): Promise<DriverSession> {
    const candidate = this.candidates.find((peer) => peer.name === name)
    if (candidate === undefined) throw new Error(`no peer ${name}`)
    return openDriverSession(this.testBed, lab, candidate, { ...peerNames(candidate), recorder }, this.options)
  }

  get all(): Peer[] {
    return this.candidates.map((candidate) => ({
      name: candidate.name,
      open: () => this.open(candidate),
      withFresh: (use) => this.withFresh(candidate, use),
    }))
  }

  /** Takes away what a check left on them. Returns what could not be deleted. */
  async cleanUp(): Promise<string[]> {
    const sessions = await Promise.allSettled(this.opened.values())
    const faults: string[] = []
    for (const session of sessions) if (session.status === 'fulfilled') faults.push(...(await session.value.cleanUp()))
    return faults
  }

  /** Returns what was left behind. */
  async close(): Promise<string[]> {
    await this.closeOpened()
    return this.leaks
  }

  private open(candidate: Candidate): Promise<DriverSession> {
    const known = this.opened.get(candidate.name) ?? this.setUp(candidate)
    this.opened.set(candidate.name, known)
    known.catch(() => this.opened.delete(candidate.name)) // the next check tries anew
    return known
  }

  private async withFresh<Result>(candidate: Candidate, use: (session: DriverSession) => Promise<Result>): Promise<Result> {
    // Each may be a program with a whole library: a small machine has no room for all of them at once.
    await this.closeOpened()
    const lab = await this.testBed.lab.child()
    try {
      const session = await this.openPeer(lab, candidate)
      const result = await use(session)
      await session.cleanUp()
      return result
    } finally {
      this.leaks.push(...(await lab.release()))
    }
  }

  private async setUp(candidate: Candidate): Promise<DriverSession> {
    const lab = await this.testBed.lab.child()
    this.labs.push(lab)
    return this.openPeer(lab, candidate)
  }

  private async openPeer(lab: Lab, candidate: Candidate): Promise<DriverSession> {
    try {
      return await openDriverSession(this.testBed, lab, candidate, peerNames(candidate), this.options)
    } catch (error) {
      if (error instanceof DriverFault) throw new PeerFailed(`the peer ${candidate.name}: ${messageOf(error)}`, { cause: error })
      throw error
    }
  }

  private async closeOpened(): Promise<void> {
    this.opened.clear()
    for (let lab = this.labs.pop(); lab !== undefined; lab = this.labs.pop()) this.leaks.push(...(await lab.release()))
  }
}

import { matrixDrivers } from '../../drivers/backend.ts'
import { BrokenLab, messageOf, UsageError } from '../../errors.ts'
import type { Lab } from '../../lab/lab.ts'
import type { TestBed } from '../../testbed/test_bed.ts'
import type { Candidate } from '../candidate/candidate.ts'
import { DriverFault, PeerFailed } from '../candidate/faults.ts'
import { type DriverConditions, DriverSession, type DriverSessionNames } from './driver_session.ts'
import type { Recorder } from './recorder.ts'

/** The peers that drivers are certified with: the built-in drivers of the matrix, and those that the user named. */
export function peerCandidates(named: readonly Candidate[]): Candidate[] {
  return [...matrixDrivers.map((driver): Candidate => ({ kind: 'built-in', name: driver, driver })), ...named]
}

function sessionNames({ name }: Candidate): DriverSessionNames {
  return { name: `the peer ${name}`, noun: `${name.replace(/[^A-Za-z0-9-]/g, '-')}-volume` }
}

/** The peers on one test bed. Each is set up when it is first used and kept for the drivers that come after. */
export class Peers {
  private readonly testBed: TestBed
  private readonly conditions: DriverConditions
  private readonly candidates: ReadonlyMap<string, Candidate>
  private readonly opened = new Map<string, Promise<DriverSession>>()
  private readonly labs: Lab[] = []
  private readonly leaks: string[] = []

  constructor(testBed: TestBed, named: readonly Candidate[], conditions: DriverConditions) {
    this.testBed = testBed
    this.conditions = conditions
    this.candidates = new Map(peerCandidates(named).map((candidate) => [candidate.name, candidate]))
  }

  /** The peer of this name. Throws PeerFailed when it does not come up. */
  open(name: string): Promise<DriverSession> {
    const known = this.opened.get(name) ?? this.setUp(name)
    this.opened.set(name, known)
    known.catch(() => this.opened.delete(name)) // the next check tries again
    return known
  }

  /** Sets the peer up on new storage: data that others wrote there before would hide what a copy leaves out. */
  withFresh<Result>(name: string, use: (session: DriverSession) => Promise<Result>): Promise<Result> {
    return this.withNew(this.candidate(name), use)
  }

  /** Sets a peer up that is none of those that drivers are certified with. */
  async withNew<Result>(candidate: Candidate, use: (session: DriverSession) => Promise<Result>): Promise<Result> {
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

  /** Sets another instance of a peer up on storage of its own in this lab. */
  openIn(lab: Lab, recorder: Recorder, name: string): Promise<DriverSession> {
    const candidate = this.candidate(name)
    return DriverSession.open(this.testBed, lab, candidate, { ...sessionNames(candidate), recorder }, this.conditions)
  }

  /** Deletes everything that a check left on the peers. Returns what they would not delete. */
  async cleanUp(): Promise<string[]> {
    const sessions = await Promise.allSettled(this.opened.values())
    const faults: string[] = []
    for (const session of sessions) if (session.status === 'fulfilled') faults.push(...(await session.value.cleanUp()))
    return faults
  }

  /** Returns what could not be released. */
  async close(): Promise<string[]> {
    await this.closeOpened()
    return this.leaks
  }

  private candidate(name: string): Candidate {
    const candidate = this.candidates.get(name)
    if (candidate === undefined) throw new Error(`no peer ${name}`)
    return candidate
  }

  private async setUp(name: string): Promise<DriverSession> {
    const lab = await this.testBed.lab.child()
    this.labs.push(lab)
    return this.openPeer(lab, this.candidate(name))
  }

  private async openPeer(lab: Lab, candidate: Candidate): Promise<DriverSession> {
    try {
      return await DriverSession.open(this.testBed, lab, candidate, sessionNames(candidate), this.conditions)
    } catch (error) {
      const text = `the peer ${candidate.name}: ${messageOf(error)}`
      if (error instanceof DriverFault) throw new PeerFailed(text, { cause: error })
      // A peer that cannot be built breaks the check that needs it, not the whole run.
      if (error instanceof UsageError) throw new BrokenLab(text, { cause: error })
      throw error
    }
  }

  private async closeOpened(): Promise<void> {
    this.opened.clear()
    for (let lab = this.labs.pop(); lab !== undefined; lab = this.labs.pop()) this.leaks.push(...(await lab.release()))
  }
}

import type { CoverDevice } from '../../block/faulty_device.ts'
import { AdapterFault, BrokenLab, messageOf, UsageError } from '../../errors.ts'
import type { Lab } from '../../lab/lab.ts'
import type { TestBed } from '../../testbed/test_bed.ts'
import type { Candidate } from '../candidate/candidate.ts'
import { DriverFault, DriverGone } from '../candidate/faults.ts'
import { type DriverConditions, DriverSession } from './driver_session.ts'
import type { Peers } from './peers.ts'
import type { Recorder } from './recorder.ts'

/** How a driver shut down. */
export interface Shutdown {
  /** False where the driver does not offer to shut down. */
  readonly offered: boolean
  /** The processes, mounts and devices that the driver left; all of them are removed. */
  readonly leftovers: readonly string[]
  /** Why the shutdown failed. */
  readonly fault?: string
}

/** How often a driver is installed before it is given up. */
const MOST_INSTALLATIONS = 4

/**
 * The driver that is certified, from its installation to its shutdown. A driver that spoils its storage or no longer answers is
 * installed again on new storage.
 */
export class DriverUnderTest {
  readonly candidate: Candidate
  readonly testBed: TestBed
  readonly peers: Peers
  /** Lines from the driver that were not answers, and ends that were not asked for; complete once it has shut down. */
  readonly troubles: string[] = []
  /** Everything that could not be released. */
  readonly leaks: string[] = []
  private readonly conditions: DriverConditions
  private firstSession: DriverSession | undefined
  private current: DriverSession | undefined
  private whyNoSession = 'the driver was not set up'
  private lab: Lab | undefined
  private installations = 0
  private shutdown: Promise<Shutdown> | undefined

  constructor(testBed: TestBed, candidate: Candidate, peers: Peers, conditions: DriverConditions) {
    this.testBed = testBed
    this.candidate = candidate
    this.peers = peers
    this.conditions = conditions
  }

  /** The session that a check works in. Throws DriverGone when the driver could not be set up. */
  get session(): DriverSession {
    if (this.current === undefined) throw new DriverGone(this.whyNoSession)
    return this.current
  }

  /** The session after the first installation, whose answers are the driver's; undefined when it failed. */
  get first(): DriverSession | undefined {
    return this.firstSession
  }

  /** Why there is no session. */
  get whyGone(): string {
    return this.whyNoSession
  }

  /**
   * Sets the driver up for the first time. Throws DriverFault when it does not come up, UsageError when the candidate is not a
   * driver at all, and BrokenLab when it could not be given storage.
   */
  async install(): Promise<DriverSession> {
    try {
      this.current = await this.openSession()
      this.firstSession = this.current
      return this.current
    } catch (error) {
      this.whyNoSession = `the driver was not set up: ${messageOf(error)}`
      if (error instanceof DriverFault || error instanceof UsageError) throw error
      throw new BrokenLab(messageOf(error), { cause: error })
    }
  }

  /** Gives a check a lab for what it needs beside the driver. Whatever cannot be released is among the leaks. */
  async withLab<Result>(use: (lab: Lab) => Promise<Result>): Promise<Result> {
    const lab = await this.testBed.lab.child()
    try {
      return await use(lab)
    } finally {
      this.leaks.push(...(await lab.release()))
    }
  }

  /**
   * Sets another instance of the driver up on new storage, whose devices are covered, and takes it away afterwards. Throws DriverGone when
   * it does not come up.
   */
  withAnother<Result>(cover: CoverDevice, use: (session: DriverSession) => Promise<Result>): Promise<Result> {
    return this.withLab(async (lab) => {
      const session = await this.openAnother(lab, cover)
      try {
        return await use(session)
      } finally {
        // What it does not give back here is for other checks to judge; the storage goes with the lab.
        await session.cleanUp()
        await session.process.shutdown().catch(() => false)
        await session.process.stop()
      }
    })
  }

  private async openAnother(lab: Lab, cover: CoverDevice): Promise<DriverSession> {
    try {
      return await this.openIn(lab, undefined, cover)
    } catch (error) {
      if (!(error instanceof DriverFault)) throw error
      throw new DriverGone(`another instance of the driver was not set up: ${error.message}`, { cause: error })
    }
  }

  /** Sets another instance of the driver up on storage of its own in this lab. */
  openIn(lab: Lab, recorder?: Recorder, cover?: CoverDevice): Promise<DriverSession> {
    const { name } = this.candidate
    return DriverSession.open(
      this.testBed,
      lab,
      this.candidate,
      { name, noun: 'volume', ...(recorder !== undefined && { recorder }) },
      { ...this.conditions, ...(cover !== undefined && { cover }) },
    )
  }

  /** Deletes the volumes that earlier checks set aside. Throws DriverFault when the driver does not. */
  async deleteAside(): Promise<void> {
    await this.current?.deleteAside()
  }

  /** Deletes everything that a check made on the driver and its peers. Returns what they would not delete. */
  async cleanUp(): Promise<string[]> {
    try {
      return [...((await this.current?.cleanUp()) ?? []), ...(await this.peers.cleanUp())]
    } catch (error) {
      return [messageOf(error)]
    }
  }

  /** Gives the next check a driver that answers: this one restarted or, where that fails or its storage will not do, one on new storage. */
  async recover(needsStorage: boolean): Promise<void> {
    if (this.current === undefined) return
    if (!needsStorage && (await restarts(this.current))) return
    try {
      await this.uninstall()
      if (this.installations >= MOST_INSTALLATIONS) throw new DriverGone(`it was set up ${MOST_INSTALLATIONS} times and failed each time`)
      this.current = await this.openSession()
    } catch (error) {
      this.current = undefined
      this.whyNoSession = `the driver could not be set up again: ${messageOf(error)}`
    }
  }

  /** Lets the driver shut down, ends it and takes its storage away. Only the first call does anything. */
  shutDown(): Promise<Shutdown> {
    this.shutdown ??= this.endSession().finally(() => this.uninstall())
    return this.shutdown
  }

  private async endSession(): Promise<Shutdown> {
    if (this.current === undefined) return { offered: false, leftovers: [] }
    const { process } = this.current
    try {
      const offered = await process.shutdown()
      this.troubles.push(...(await process.stop()))
      return { offered, leftovers: await process.installation.clearLeftovers() }
    } catch (error) {
      if (error instanceof BrokenLab && !(error instanceof AdapterFault)) throw error
      return { offered: true, leftovers: [], fault: messageOf(error) }
    }
  }

  private async openSession(): Promise<DriverSession> {
    this.installations++
    this.lab = await this.testBed.lab.child()
    return this.openIn(this.lab)
  }

  private async uninstall(): Promise<void> {
    const { current, lab } = this
    this.current = undefined
    this.lab = undefined
    if (current !== undefined) this.troubles.push(...current.process.troubles, ...(await current.process.stop()))
    if (lab !== undefined) this.leaks.push(...(await lab.release()))
  }
}

async function restarts(session: DriverSession): Promise<boolean> {
  try {
    await session.restart()
    return true
  } catch {
    return false
  }
}

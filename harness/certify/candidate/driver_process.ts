import { setTimeout } from 'node:timers/promises'
import { AdapterFault, BrokenLab, messageOf } from '../../errors.ts'
import type { Lab } from '../../lab/lab.ts'
import { type Caller, callOver, type Line, Unanswered } from '../../protocol/json_rpc.ts'
import type { DriverSetup, VerbResult } from '../../protocol/verbs.ts'
import { callVerb, type Limits, NotOffered, serviceOf, type WholeVolumeService } from '../../protocol/volume_service.ts'
import { within } from '../../timers.ts'
import { DriverFault, DriverGone } from './faults.ts'

/** A running driver. */
export interface RunningDriver {
  readonly line: Line
  /** Resolves, when it has ended, to how it ended and its last words. A driver within this process never ends. */
  readonly ended: Promise<string>
  /** Closes its line and ends it. Returns complaints about its end, one line each. */
  stop(): Promise<string[]>
  /** Kills it, with the commands that it runs, where it is a program. */
  kill(): Promise<unknown>
  /** Kills the program alone, and waits for its commands: killed with it, LVM's can leave suspended devices. */
  crash(): Promise<unknown>
}

/** A driver's own storage, and how the driver is started on it. */
export interface Installation {
  /** The parameters of do_setup; absent for a driver that needs no setup. */
  readonly setup?: DriverSetup
  /** Set where the program is an adapter of ours for somebody else's driver: its end is not the driver's fault. */
  readonly isAdapter?: boolean
  /** The command of a driver that is a program, and its working directory: by default the folder of a counterexample's script. */
  readonly program?: { readonly argv: readonly string[]; readonly cwd?: string }
  readonly storageBytes: number
  start(): Promise<RunningDriver>
  /** Returns the reason why a path from the driver cannot be a volume of its own; undefined when it can. */
  whyForeign(path: string): Promise<string | undefined>
  /** How much storage of the driver's own a path lies on, which nobody has poisoned, in bytes; 0 on the storage that it was given. */
  ownStorageBytes(path: string): Promise<number>
  /** The bytes that everything takes on the driver's storage, as far as LVM, device-mapper and the filesystem know. */
  takenBytes(): Promise<number>
  /** Makes a server drop its cache of a volume, so that a read shows what is stored. */
  dropCache?(volume: string): Promise<void>
  /** Returns what keeps the driver from answering, as far as it can be seen. */
  whyStuck?(): Promise<string | undefined>
  /** Removes everything that the driver left on its storage and the machine. Returns what that was. */
  clearLeftovers(): Promise<string[]>
}

const ENDED_WITHIN_MS = 500
/** A driver that has left this many calls unanswered is not asked any more. */
const MOST_UNANSWERED = 3

/** A driver that has been set up, with a record of its troubles. */
export class DriverProcess {
  readonly lab: Lab
  readonly installation: Installation
  /** Lines from the driver that were not answers, and ends that were not asked for: one line each. */
  readonly troubles: string[] = []
  readonly limits: Limits
  private readonly onAdapterFault: (fault: AdapterFault) => void
  private running: RunningDriver | undefined
  private caller: Caller | undefined
  private answer: Partial<VerbResult<'do_setup'>> = {}
  private unanswered = 0
  private expectedToEnd = false

  private constructor(lab: Lab, installation: Installation, limits: Limits, onAdapterFault: (fault: AdapterFault) => void) {
    this.lab = lab
    this.installation = installation
    this.limits = limits
    this.onAdapterFault = onAdapterFault
  }

  /**
   * Starts the driver and sets it up. Throws DriverFault when it does not come up. `onAdapterFault` is told of every fault of its adapter,
   * whoever else gets to know of it.
   */
  static async open(
    lab: Lab,
    installation: Installation,
    limits: Limits,
    onAdapterFault: (fault: AdapterFault) => void = () => {},
  ): Promise<DriverProcess> {
    const driver = new DriverProcess(lab, installation, limits, onAdapterFault)
    await lab.own(
      'the driver',
      async () => {},
      async () => void (await driver.stop()),
    )
    await driver.start()
    return driver
  }

  get about(): Partial<VerbResult<'do_setup'>> {
    return this.answer
  }

  get service(): WholeVolumeService {
    return serviceOf(this.openCaller(), this.limits)
  }

  /** Asks with parameters that the typed verbs would not let through. */
  raw(verb: string, params: object): Promise<unknown> {
    return this.openCaller().request(verb, params, this.limits.verbSeconds)
  }

  /**
   * Waits for one of the driver's verbs. Throws NotOffered when the driver lacks it, AdapterFault when its adapter failed, and DriverFault
   * with the driver's last words when it fails or does not answer.
   */
  async call<Answered>(ask: (service: WholeVolumeService) => Promise<Answered>): Promise<Answered> {
    try {
      return await ask(this.service)
    } catch (error) {
      if (error instanceof NotOffered || error instanceof DriverFault || error instanceof BrokenLab) throw error
      throw await this.faultOf(error)
    }
  }

  /** Ends the driver's program and starts it again on the same storage. */
  async restart(): Promise<void> {
    this.troubles.push(...(await this.stop()))
    await this.start()
  }

  /** Kills the driver's program and starts it again on the same storage. */
  async killAndRestart(): Promise<void> {
    const { running } = this
    this.running = undefined
    await running?.kill()
    await this.start()
  }

  /** Kills the driver's program this long after it was asked for something, lets its commands end, and starts it again. */
  async crashDuring(ask: (service: WholeVolumeService) => Promise<unknown>, milliseconds: number): Promise<void> {
    ask(this.service).catch(() => {}) // nobody waits for the answer
    await setTimeout(milliseconds)
    const { running } = this
    this.running = undefined
    await running?.crash()
    await this.start()
  }

  /** Returns how the driver's program ended, if it ends by itself within 500 ms. */
  async hasEnded(): Promise<string | undefined> {
    return this.running && within(this.running.ended, ENDED_WITHIN_MS)
  }

  /** Ends the driver's program unless it has ended. Returns complaints about its end. */
  async stop(): Promise<string[]> {
    const { running } = this
    if (running === undefined) return []
    this.running = undefined
    this.expectedToEnd = true
    return running.stop()
  }

  /** Asks the driver to shut down. Returns false when it does not offer to. */
  async shutdown(): Promise<boolean> {
    const caller = this.openCaller()
    // Its end may be known before its answer has been read.
    this.expectedToEnd = true
    try {
      await callVerb(caller, 'shutdown', {}, this.limits.verbSeconds)
      return true
    } catch (error) {
      this.expectedToEnd = false
      if (error instanceof NotOffered) return false
      throw await this.faultOf(error)
    }
  }

  private openCaller(): Caller {
    if (this.caller === undefined || this.running === undefined) throw new DriverGone('the driver is not running')
    if (this.unanswered >= MOST_UNANSWERED)
      throw new DriverGone(`the driver left ${this.unanswered} calls unanswered and is not asked any more`)
    return this.caller
  }

  private async start(): Promise<void> {
    const running = await this.installation.start()
    this.running = running
    this.expectedToEnd = false
    running.ended.then(
      (how) => {
        if (this.running !== running || this.expectedToEnd || this.lab.signal.aborted) return
        if (this.installation.isAdapter) this.onAdapterFault(new AdapterFault(`the adapter ended by itself: it ${how}`))
        else this.troubles.push(`the driver ended by itself: ${how}`)
      },
      () => {}, // the machine died; its next user gets the error
    )
    const caller = this.telling(
      running,
      callOver(running.line, (trouble) => this.troubles.push(trouble)),
    )
    this.caller = caller
    if (this.installation.setup === undefined) return
    try {
      this.answer = await callVerb(caller, 'do_setup', this.installation.setup, this.limits.verbSeconds)
    } catch (error) {
      throw await this.faultOf(error)
    }
  }

  /** The same caller, which tells of the adapter's faults. */
  private telling(running: RunningDriver, caller: Caller): Caller {
    return {
      ...caller,
      request: async (...asked) => {
        try {
          return await caller.request(...asked)
        } catch (error) {
          // Who stops the run kills the adapter, and some checks do.
          if (this.lab.signal.aborted || this.running !== running) throw error
          const fault = error instanceof Unanswered && this.installation.isAdapter ? await this.whyUnanswered(error) : error
          if (fault instanceof AdapterFault) this.onAdapterFault(fault)
          throw fault
        }
      },
    }
  }

  /** Neither silence nor an end can be told from those of the adapter itself. */
  private async whyUnanswered(error: Unanswered): Promise<AdapterFault> {
    const how = await this.hasEnded()
    const text = how === undefined ? `the adapter does not answer: ${error.message}` : `the adapter ended by itself: it ${how}`
    return new AdapterFault(text, undefined, { cause: error })
  }

  private async faultOf(error: unknown): Promise<Error> {
    if (error instanceof BrokenLab) return error
    if (!(error instanceof Unanswered)) return new DriverFault(messageOf(error), { cause: error })
    this.unanswered++
    const how = await this.hasEnded()
    const why = how === undefined ? await this.installation.whyStuck?.() : `the driver ${how}`
    return new DriverFault(why === undefined ? error.message : `${error.message}; ${why}`, { cause: error })
  }
}

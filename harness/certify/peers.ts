import { matrixDrivers } from '../drivers/backend.ts'
import { messageOf } from '../errors.ts'
import type { Lab } from '../lab/lab.ts'
import type { Limits } from '../protocol/volume_service.ts'
import type { Bench } from '../testbed/test_bed.ts'
import type { Candidate } from './candidate/candidate.ts'
import { DriverFault, InstalledDriver, PartnerFault } from './candidate/driver_process.ts'
import { install } from './candidate/provision.ts'
import type { Partner } from './checks/copy_checks.ts'
import { Trial, type TrialNames } from './checks/trial.ts'
import type { Recorder } from './counterexample/recorder.ts'

export interface TrialOptions {
  /** The storage that the driver is given, in bytes. */
  readonly storageBytes: number
  readonly limits: Limits
  /** The user's --option KEY=VALUE. */
  readonly options: Readonly<Record<string, string>>
}

/** Sets a driver up on poisoned storage in a lab. Throws DriverFault when the driver does not come up. */
export async function openTrial(bench: Bench, lab: Lab, candidate: Candidate, names: TrialNames, options: TrialOptions): Promise<Trial> {
  const installation = await install(bench, lab, candidate, options)
  const { setup: asked, program } = installation
  if (asked !== undefined && program !== undefined) names.recorder?.programs.push({ driver: names.name, ...program, asked })
  const driver = await InstalledDriver.open(lab, installation, options.limits)
  return new Trial(names, bench, driver, await driver.service.getCapabilities())
}

/** The drivers that others migrate from and to, by name: the matrix's own, and the peers that the user named. */
export function partnerCandidates(peers: readonly Candidate[]): Candidate[] {
  return [...matrixDrivers.map((driver): Candidate => ({ kind: 'built-in', name: driver, driver })), ...peers]
}

/** How a driver is called that another one is certified with. */
export function partnerNames({ name }: Candidate): TrialNames {
  return { name: `the partner ${name}`, noun: `${name.replace(/[^A-Za-z0-9-]/g, '-')}-volume` }
}

/** The partners on one bench, each set up at its first use and kept for the drivers that come after. */
export class Partners {
  private readonly bench: Bench
  private readonly options: TrialOptions
  private readonly candidates: readonly Candidate[]
  private readonly opened = new Map<string, Promise<Trial>>()
  private readonly labs: Lab[] = []
  private readonly leaks: string[] = []

  constructor(bench: Bench, peers: readonly Candidate[], options: TrialOptions) {
    this.bench = bench
    this.options = options
    this.candidates = partnerCandidates(peers)
  }

  /** Another instance of a partner, on storage of its own in this lab. */
  openIn(lab: Lab, recorder: Recorder, name: string): Promise<Trial> {
    const candidate = this.candidates.find((partner) => partner.name === name)
    if (candidate === undefined) throw new Error(`no partner ${name}`)
    return openTrial(this.bench, lab, candidate, { ...partnerNames(candidate), recorder }, this.options)
  }

  get all(): Partner[] {
    return this.candidates.map((candidate) => ({
      name: candidate.name,
      open: () => this.open(candidate),
      withFresh: (use) => this.withFresh(candidate, use),
    }))
  }

  /** Takes away what a check left on them. Returns what could not be deleted. */
  async cleanUp(): Promise<string[]> {
    const trials = await Promise.allSettled(this.opened.values())
    const faults: string[] = []
    for (const trial of trials) if (trial.status === 'fulfilled') faults.push(...(await trial.value.cleanUp()))
    return faults
  }

  /** Returns what was left behind. */
  async close(): Promise<string[]> {
    await this.closeOpened()
    return this.leaks
  }

  private open(candidate: Candidate): Promise<Trial> {
    const known = this.opened.get(candidate.name) ?? this.setUp(candidate)
    this.opened.set(candidate.name, known)
    known.catch(() => this.opened.delete(candidate.name)) // the next check tries anew
    return known
  }

  private async withFresh<Result>(candidate: Candidate, use: (trial: Trial) => Promise<Result>): Promise<Result> {
    // Each may be a program with a whole library: a small machine has no room for all of them at once.
    await this.closeOpened()
    const lab = await this.bench.lab.child()
    try {
      const trial = await this.openPartner(lab, candidate)
      const result = await use(trial)
      await trial.cleanUp()
      return result
    } finally {
      this.leaks.push(...(await lab.release()))
    }
  }

  private async setUp(candidate: Candidate): Promise<Trial> {
    const lab = await this.bench.lab.child()
    this.labs.push(lab)
    return this.openPartner(lab, candidate)
  }

  private async openPartner(lab: Lab, candidate: Candidate): Promise<Trial> {
    try {
      return await openTrial(this.bench, lab, candidate, partnerNames(candidate), this.options)
    } catch (error) {
      if (error instanceof DriverFault) throw new PartnerFault(`the partner ${candidate.name}: ${messageOf(error)}`, { cause: error })
      throw error
    }
  }

  private async closeOpened(): Promise<void> {
    this.opened.clear()
    for (let lab = this.labs.pop(); lab !== undefined; lab = this.labs.pop()) this.leaks.push(...(await lab.release()))
  }
}

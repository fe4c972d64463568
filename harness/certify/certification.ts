import { BrokenLab, messageOf, UsageError } from '../errors.ts'
import type { Lab } from '../lab/lab.ts'
import { decideCopyMode } from '../migration/rule.ts'
import { NotOffered } from '../protocol/volume_service.ts'
import { type Certificate, type CheckResult, type Counterexample, LEFT_OUT } from '../result/certificate.ts'
import { printable } from '../result/describe.ts'
import { certificateVerdict } from '../result/verdicts.ts'
import { STOPPED } from '../testbed/queue.ts'
import type { TestBed } from '../testbed/test_bed.ts'
import type { Candidate } from './candidate/candidate.ts'
import { DriverFault, DriverGone, PeerFailed } from './candidate/driver_process.ts'
import type { Check, CheckOutcome } from './checks/check.ts'
import { conductChecks } from './checks/conduct_checks.ts'
import { copyChecks, migrationChecks, type Peer } from './checks/copy_checks.ts'
import { type Case, describeCase } from './checks/experiment.ts'
import { deleteFrees, zeroChecks } from './checks/zero_checks.ts'
import { scriptOf } from './counterexample/script.ts'
import { type Shown, SmallestSearch } from './counterexample/smallest.ts'
import type { DriverSession } from './driver_session.ts'
import { type DriverSessionOptions, openDriverSession, type Peers, peerCandidates } from './peers.ts'

export interface CertificationOptions extends DriverSessionOptions {
  /** Only checks whose id this accepts run; the others are not shown. */
  readonly only?: (id: string, candidate: Candidate) => boolean
  /** No check begins later than this many seconds after the first. */
  readonly seconds: number
  /** How long smaller cases of what refutes the driver are looked for; 0 for not at all; default 120. */
  readonly searchSeconds?: number
  /** The command that repeats a driver's certification, or one check of it. */
  readonly repeat: (candidate: Candidate, check?: string) => string
  readonly signal: AbortSignal
}

/** What a check holds a driver to. */
export type CheckTitle = Pick<Check, 'id' | 'title'>

type Judged = CheckOutcome | { verdict: 'broken'; text: string }

const CUT_OFF: Judged = { verdict: 'not-shown', text: STOPPED }
const SEARCH_SECONDS = 120
/** How often a driver is given new storage after it could not be brought back on its own. */
const MOST_INSTALLATIONS = 4

const SETS_UP = { id: 'sets-up', title: 'the driver starts and sets itself up' }
const SPEAKS_PROTOCOL = { id: 'speaks-protocol', title: 'nothing but answers comes from the driver, and it ends when its input closes' }
const LEAVES_NOTHING = { id: 'leaves-nothing-behind', title: 'after shutdown nothing of the driver is left on the machine' }

/** All checks in the order in which they run: new storage first, and what tires it last. */
export function listChecks(candidates: readonly Candidate[]): CheckTitle[] {
  const peers = peerCandidates(candidates).map(
    ({ name }): Peer => ({
      name,
      open: () => Promise.reject(new Error('only listed')),
      withFresh: () => Promise.reject(new Error('only listed')),
    }),
  )
  return [SETS_UP, ...runnable(peers), SPEAKS_PROTOCOL, LEAVES_NOTHING].map(({ id, title }) => ({ id, title }))
}

function runnable(peers: readonly Peer[]): Check[] {
  const thin = peers.filter(({ name }) => name === 'lvm-thin')
  return [
    ...conductChecks.first,
    ...zeroChecks,
    ...conductChecks.later,
    ...thin.flatMap(copyChecks),
    // It leaves the storage full of old data, which the migrations come upon.
    deleteFrees,
    ...migrationChecks(peers),
  ]
}

/** One driver on trial, from its installation to its certificate. A lab that fails makes checks `broken`, and throws nothing. */
export class Certification {
  private readonly testBed: TestBed
  private readonly candidate: Candidate
  private readonly peers: Peers
  private readonly options: CertificationOptions
  private readonly checks: ReadonlyMap<string, Check>
  private readonly began = performance.now()
  private readonly results: CheckResult[] = []
  private readonly leaks: string[] = []
  private readonly troubles: string[] = []
  private readonly search: SmallestSearch
  private readonly shown: Shown[] = []
  private readonly readZero = new Map<string, boolean>()
  private installations = 0
  private lab: Lab | undefined
  private session: DriverSession | undefined
  private gone = 'the driver was not set up'
  private first: Pick<DriverSession, 'answer' | 'claim' | 'driver'> | undefined
  private ending: { leftovers: string[]; offered: boolean; fault?: string } | undefined

  constructor(testBed: TestBed, candidate: Candidate, peers: Peers, options: CertificationOptions) {
    this.testBed = testBed
    this.candidate = candidate
    this.peers = peers
    this.options = options
    this.checks = new Map(runnable(peers.all).map((check) => [check.id, check]))
    this.search = new SmallestSearch({
      openLab: () => testBed.lab.child(),
      openDriverSession: (lab, recorder) =>
        openDriverSession(testBed, lab, candidate, { name: candidate.name, noun: 'volume', recorder }, options),
      openPeer: (lab, recorder, peer) => peers.openIn(lab, recorder, peer),
      seconds: options.searchSeconds ?? SEARCH_SECONDS,
    })
  }

  /** Runs a check of `listChecks`; they are to be run in that order. Throws UsageError when the candidate is no driver at all. */
  async run({ id, title }: CheckTitle): Promise<CheckResult> {
    const began = performance.now()
    const { counterexample, ...outcome } = await this.outcomeOf(id)
    const result: CheckResult = {
      id,
      title,
      verdict: outcome.verdict,
      // Much of it is what the driver said.
      text: printable(outcome.text),
      ...(outcome.verdict === 'refuted' && outcome.wrong && { wrong: outcome.wrong }),
      ...(counterexample !== undefined && { counterexample }),
      repeat: this.options.repeat(this.candidate, id),
      seconds: (performance.now() - began) / 1000,
    }
    this.results.push(result)
    return result
  }

  /** Ends the driver and releases its storage. */
  async end(): Promise<{ certificate: Certificate; leaks: string[] }> {
    await this.finish()
    const leaks = [...this.leaks, ...this.search.leaks]
    const verdict = certificateVerdict(this.results)
    const reason =
      leaks.length > 0 ? leaks.join('; ') : this.results.find((check) => check.verdict === verdict && verdict !== 'upheld')?.text
    const certificate: Certificate = {
      driver: this.candidate.name,
      kind: this.candidate.kind,
      ...(this.first?.driver.about.name !== undefined && { calledItself: printable(this.first.driver.about.name) }),
      claim: this.first?.claim ?? false,
      claimReason: printable(
        this.first === undefined ? this.gone : decideCopyMode(this.first.answer, { history: 'new', layers: [] }).reason,
      ),
      verdict: verdict !== 'refuted' && leaks.length > 0 ? 'broken' : verdict,
      ...(reason !== undefined && verdict !== 'refuted' && { reason }),
      checks: this.results,
      counterexamples: this.shown.map((shown, index) => this.describe(shown, index)),
      ...this.wastedSpace(),
      machine: this.testBed.machine.name,
      repeat: this.options.repeat(this.candidate),
      seconds: (performance.now() - this.began) / 1000,
    }
    return { certificate, leaks }
  }

  private async outcomeOf(id: string): Promise<Judged & { counterexample?: number }> {
    if (this.options.signal.aborted) return CUT_OFF
    if (id === SETS_UP.id) return this.unlessCutOff(await this.setUp())
    if (this.options.only?.(id, this.candidate) === false) return { verdict: 'not-shown', text: LEFT_OUT }
    if (id === SPEAKS_PROTOCOL.id) return this.unlessCutOff(await this.spokeProtocol())
    if (id === LEAVES_NOTHING.id) return this.unlessCutOff(await this.leftNothing())
    const check = this.checks.get(id)
    if (check === undefined) throw new Error(`no check ${id}`)
    if ((performance.now() - this.began) / 1000 > this.options.seconds)
      return { verdict: 'not-shown', text: `the time was up: ${this.options.seconds} s` }
    const { session } = this
    if (session === undefined) return { verdict: 'not-shown', text: this.gone }
    return this.runCheck(check, session)
  }

  /** The end of a driver that is killed because the run is stopped says nothing of it. */
  private unlessCutOff(outcome: Judged): Judged {
    return this.options.signal.aborted && outcome.verdict !== 'upheld' ? CUT_OFF : outcome
  }

  private async setUp(): Promise<Judged> {
    try {
      this.session = await this.installAnew()
      this.first = this.session
      const { name } = this.session.driver.about
      return { verdict: 'upheld', text: name === undefined ? 'do_setup was answered' : `do_setup was answered by ${JSON.stringify(name)}` }
    } catch (error) {
      if (error instanceof UsageError) throw error
      this.gone = `the driver was not set up: ${messageOf(error)}`
      return { verdict: error instanceof DriverFault ? 'refuted' : 'broken', text: messageOf(error) }
    }
  }

  private async runCheck(check: Check, session: DriverSession): Promise<Judged & { counterexample?: number }> {
    let outcome: Judged
    let failed = false
    try {
      outcome = await check.run(session)
    } catch (error) {
      failed = true
      outcome = outcomeOfError(error)
    }
    outcome = this.unlessCutOff(outcome)
    if (outcome.verdict === 'not-offered') failed = false
    const faults = await this.cleanUp(session)
    if (this.options.signal.aborted) return outcome
    if (faults.length > 0 && (outcome.verdict === 'upheld' || outcome.verdict === 'not-offered'))
      outcome = { verdict: 'refuted', text: `${outcome.text}; but afterwards ${faults.join('; ')}` }
    if (failed || faults.length > 0) await this.recover(session, faults.length > 0)
    if ('readZero' in outcome && outcome.readZero !== undefined) this.readZero.set(check.id, outcome.readZero)
    if (outcome.verdict !== 'refuted' || outcome.shownBy === undefined) return outcome
    const counterexample = await this.smallest(outcome.shownBy, session)
    return { ...outcome, ...(counterexample !== undefined && { counterexample }) }
  }

  private async cleanUp(session: DriverSession): Promise<string[]> {
    try {
      return [...(await session.cleanUp()), ...(await this.peers.cleanUp())]
    } catch (error) {
      return [messageOf(error)]
    }
  }

  /** After a fault the next check gets a driver that answers: this one restarted, or a new one on new storage. */
  private async recover(session: DriverSession, leftVolumes: boolean): Promise<void> {
    try {
      if (leftVolumes) throw new DriverFault('it left volumes')
      await session.driver.restart()
    } catch {
      try {
        await this.uninstall()
        this.session = await this.installAnew()
      } catch (error) {
        this.session = undefined
        this.gone = `the driver could not be set up again: ${messageOf(error)}`
      }
    }
  }

  private async installAnew(): Promise<DriverSession> {
    if (++this.installations > MOST_INSTALLATIONS) throw new DriverGone(`it was set up ${MOST_INSTALLATIONS} times and failed each time`)
    const lab = await this.testBed.lab.child()
    this.lab = lab
    return openDriverSession(this.testBed, lab, this.candidate, { name: this.candidate.name, noun: 'volume' }, this.options)
  }

  private async uninstall(): Promise<void> {
    if (this.session !== undefined) {
      this.troubles.push(...this.session.driver.troubles, ...(await this.session.driver.stop()))
      this.session = undefined
    }
    if (this.lab !== undefined) this.leaks.push(...(await this.lab.release()))
    this.lab = undefined
  }

  /** Lets the driver shut down and looks at what it leaves, once. */
  private async finish(): Promise<{ leftovers: string[]; offered: boolean; fault?: string }> {
    if (this.ending !== undefined) return this.ending
    const { session } = this
    let ending: { leftovers: string[]; offered: boolean; fault?: string } = { leftovers: [], offered: false }
    try {
      if (session !== undefined) {
        const offered = await session.driver.shutdown()
        this.troubles.push(...(await session.driver.stop()))
        ending = { offered, leftovers: await session.driver.installation.clearLeftovers() }
      }
    } catch (error) {
      ending = { ...ending, offered: true, fault: messageOf(error) }
    }
    this.ending = ending
    await this.uninstall()
    return ending
  }

  private async spokeProtocol(): Promise<CheckOutcome> {
    if (this.candidate.kind === 'built-in') return { verdict: 'not-offered', text: 'a built-in driver is no program' }
    if (this.first === undefined) return { verdict: 'not-shown', text: this.gone }
    await this.finish()
    const [trouble] = this.troubles
    if (trouble === undefined) return { verdict: 'upheld', text: 'nothing but answers, and it ended with its input' }
    return { verdict: 'refuted', text: this.troubles.length > 1 ? `${trouble}; ${this.troubles.length - 1} more` : trouble }
  }

  private async leftNothing(): Promise<CheckOutcome> {
    if (this.candidate.kind === 'built-in') return { verdict: 'not-offered', text: 'a built-in driver is no program' }
    if (this.first === undefined) return { verdict: 'not-shown', text: this.gone }
    const { offered, leftovers, fault } = await this.finish()
    if (fault !== undefined) return { verdict: 'refuted', text: fault }
    if (this.session === undefined && this.ending === undefined) return { verdict: 'not-shown', text: this.gone }
    if (!offered) return { verdict: 'not-offered', text: 'the driver offers no shutdown; its storage was taken from it' }
    return leftovers.length === 0
      ? { verdict: 'upheld', text: 'no process, mount or device' }
      : { verdict: 'refuted', text: `left: ${leftovers.join('; ')}` }
  }

  /** The index of the smallest counterexample, found on fresh storage. */
  private async smallest(shownBy: Case, session: DriverSession): Promise<number | undefined> {
    let shown: Shown | undefined
    try {
      shown = await this.search.find(shownBy, { stepBytes: session.stepBytes, volumeBytes: session.volumeBytes })
    } catch (error) {
      if (error instanceof UsageError) throw error
      return undefined // the refutation stands without it
    }
    if (shown === undefined) return undefined
    if (!this.shown.includes(shown)) this.shown.push(shown)
    return this.shown.indexOf(shown)
  }

  private describe({ case: shown, stale, recording }: Shown, index: number): Counterexample {
    const { verification, actualBytes } = stale
    const [first] = verification.differences
    if (first === undefined) throw new Error('a counterexample without a wrong byte')
    const what = describeCase(shown)
    const { name } = this.candidate
    return {
      what,
      sizeBytes: shown.sizeBytes,
      actualBytes,
      writes: shown.writes.map(({ offset, length }) => ({ offset, length })),
      wrongBytes: verification.wrongBytes,
      first,
      file: `${name.replace(/[^A-Za-z0-9._-]/g, '-')}-${index + 1}.sh`,
      script: scriptOf({ driver: name, shows: what }, recording),
    }
  }

  /** A driver that could claim, as far as all the reading checks saw, and does not. */
  private wastedSpace(): { wastedSpace?: string } {
    const ids = zeroChecks.map(({ id }) => id)
    const ran = ids.filter((id) => this.readZero.has(id))
    const needed = ids.filter((id) => id !== 'extended-reads-zero')
    if (this.first === undefined || this.first.claim || !needed.every((id) => this.readZero.get(id) === true)) return {}
    if (ran.some((id) => this.readZero.get(id) === false)) return {}
    return {
      wastedSpace: `in all ${ran.length} checks its new volumes read as zeros, yet it does not claim so: every volume that is migrated to it takes its full size`,
    }
  }
}

function outcomeOfError(error: unknown): Judged {
  if (error instanceof NotOffered) return { verdict: 'not-offered', text: `the driver lacks it: ${messageOf(error)}` }
  if (error instanceof DriverGone || error instanceof PeerFailed) return { verdict: 'not-shown', text: messageOf(error) }
  if (error instanceof DriverFault) return { verdict: 'refuted', text: messageOf(error) }
  return { verdict: 'broken', text: error instanceof BrokenLab ? messageOf(error) : `holeproof itself failed: ${messageOf(error)}` }
}

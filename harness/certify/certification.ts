import { BrokenLab, messageOf, UsageError } from '../errors.ts'
import { decideCopyMode } from '../migration/rule.ts'
import { NotOffered } from '../protocol/volume_service.ts'
import { type Certificate, type CheckResult, LEFT_OUT } from '../result/certificate.ts'
import { printable } from '../result/describe.ts'
import { certificateVerdict } from '../result/verdicts.ts'
import { STOPPED } from '../testbed/queue.ts'
import type { Candidate } from './candidate/candidate.ts'
import { DriverFault, DriverGone, PeerFailed } from './candidate/faults.ts'
import type { Case } from './checks/cases.ts'
import { type Check, type CheckOutcome, notOffered, notShown, refuted } from './checks/check.ts'
import { wastedSpace } from './checks/reads_zero.ts'
import { describeCounterexample } from './counterexample/describe_counterexample.ts'
import { type Shown, SmallestSearch } from './counterexample/smallest.ts'
import type { DriverUnderTest } from './session/driver_under_test.ts'

export interface CertificationOptions {
  /** Only checks whose id this accepts run; the others are not shown. */
  readonly only: (id: string, candidate: Candidate) => boolean
  /** No check begins later than this many seconds after the first. */
  readonly seconds: number
  /** How long the search for a smaller case of each refutation may take; 0 for no search. */
  readonly searchSeconds: number
  /** The command that repeats a driver's certification, or one check of it. */
  readonly repeat: (candidate: Candidate, check?: string) => string
}

type Judged = CheckOutcome | { readonly verdict: 'broken'; readonly text: string }

/** Holds one driver to the checks and writes its certificate. A lab that fails makes checks `broken`, and throws nothing. */
export class Certification {
  private readonly driver: DriverUnderTest
  private readonly options: CertificationOptions
  private readonly search: SmallestSearch
  private readonly began = performance.now()
  private readonly results: CheckResult[] = []
  private readonly readZero = new Map<string, boolean>()
  private readonly shown: Shown[] = []

  constructor(driver: DriverUnderTest, options: CertificationOptions) {
    this.driver = driver
    this.options = options
    this.search = new SmallestSearch(driver, options.searchSeconds)
  }

  /** Runs a check; they are to be run in the order of `listChecks`. Throws UsageError when the candidate is not a driver at all. */
  async run(check: Check): Promise<CheckResult> {
    const began = performance.now()
    const skipped = this.whySkipped(check)
    const outcome = skipped === undefined ? await this.judge(check) : notShown(skipped)
    const [wrong, shownBy] = outcome.verdict === 'refuted' ? [outcome.wrong, outcome.shownBy] : []
    const counterexample = shownBy && (await this.smallest(shownBy))
    if ('readZero' in outcome && outcome.readZero !== undefined) this.readZero.set(check.id, outcome.readZero)
    const result: CheckResult = {
      id: check.id,
      title: check.title,
      verdict: outcome.verdict,
      // Much of it is quoted from the driver.
      text: printable(outcome.text),
      ...(wrong !== undefined && { wrong }),
      ...(counterexample !== undefined && { counterexample }),
      repeat: this.options.repeat(this.driver.candidate, check.id),
      seconds: (performance.now() - began) / 1000,
    }
    this.results.push(result)
    return result
  }

  /** Ends the driver and releases its storage. */
  async end(): Promise<{ certificate: Certificate; leaks: string[] }> {
    const { candidate, testBed } = this.driver
    const faults = await this.driver.shutDown().then(
      () => [],
      (error: unknown) => [messageOf(error)],
    )
    const { first } = this.driver
    const leaks = [...faults, ...this.driver.leaks, ...this.search.leaks]
    const verdict = certificateVerdict(this.results)
    const reason =
      leaks.length > 0 ? leaks.join('; ') : this.results.find((check) => check.verdict === verdict && verdict !== 'upheld')?.text
    const wasted = first?.claim === false ? wastedSpace(this.readZero) : undefined
    const certificate: Certificate = {
      driver: candidate.name,
      kind: candidate.kind,
      ...(first?.process.about.name !== undefined && { calledItself: printable(first.process.about.name) }),
      claim: first?.claim ?? false,
      claimReason: printable(
        first === undefined ? this.driver.whyGone : decideCopyMode(first.answer, { history: 'new', layers: [] }).reason,
      ),
      verdict: verdict !== 'refuted' && leaks.length > 0 ? 'broken' : verdict,
      ...(reason !== undefined && verdict !== 'refuted' && { reason }),
      checks: this.results,
      counterexamples: this.shown.map((shown, index) => describeCounterexample(candidate.name, shown, index)),
      ...(wasted !== undefined && { wastedSpace: wasted }),
      machine: testBed.machine.name,
      repeat: this.options.repeat(candidate),
      seconds: (performance.now() - this.began) / 1000,
    }
    return { certificate, leaks }
  }

  private get stopped(): boolean {
    return this.driver.testBed.lab.signal.aborted
  }

  private whySkipped({ id, phase }: Check): string | undefined {
    const { only, seconds } = this.options
    if (this.stopped) return STOPPED
    if (phase !== 'first' && !only(id, this.driver.candidate)) return LEFT_OUT
    const late = (performance.now() - this.began) / 1000 > seconds
    return late && phase === undefined ? `the time was up: ${seconds} s` : undefined
  }

  /** Runs a check, deletes everything that it made, and gives the next one a driver that answers. */
  private async judge(check: Check): Promise<Judged> {
    let outcome: Judged
    let failed = false
    try {
      outcome = await check.run(this.driver)
    } catch (error) {
      outcome = outcomeOfError(error)
      failed = outcome.verdict !== 'not-offered'
    }
    // A driver that is killed because the run is stopped shows nothing.
    if (this.stopped && outcome.verdict !== 'upheld') outcome = notShown(STOPPED)
    const faults = await this.driver.cleanUp()
    if (this.stopped) return outcome
    if (failed || faults.length > 0) await this.driver.recover(faults.length > 0)
    const held = outcome.verdict === 'upheld' || outcome.verdict === 'not-offered'
    return held && faults.length > 0 ? refuted(`${outcome.text}; but afterwards ${faults.join('; ')}`) : outcome
  }

  /** The index of the smallest counterexample, which is looked for on new storage; undefined where none was found. */
  private async smallest(shownBy: Case): Promise<number | undefined> {
    const { first } = this.driver
    if (first === undefined || this.stopped) return undefined
    let shown: Shown | undefined
    try {
      shown = await this.search.find(shownBy, { stepBytes: first.stepBytes, volumeBytes: first.volumeBytes })
    } catch (error) {
      if (error instanceof UsageError) throw error
      return undefined // the refutation stands without it
    }
    if (shown === undefined) return undefined
    if (!this.shown.includes(shown)) this.shown.push(shown)
    return this.shown.indexOf(shown)
  }
}

function outcomeOfError(error: unknown): Judged {
  if (error instanceof UsageError) throw error
  if (error instanceof NotOffered) return notOffered(`the driver lacks it: ${messageOf(error)}`)
  if (error instanceof DriverGone || error instanceof PeerFailed) return notShown(messageOf(error))
  if (error instanceof DriverFault) return refuted(messageOf(error))
  return { verdict: 'broken', text: error instanceof BrokenLab ? messageOf(error) : `holeproof itself failed: ${messageOf(error)}` }
}

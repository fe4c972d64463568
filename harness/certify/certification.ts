import { type AdapterFault, BrokenLab, messageOf, NotInstalled, UsageError } from '../errors.ts'
import { decideCopyMode } from '../migration/rule.ts'
import { NotOpened } from '../movers/mirror/disk.ts'
import { NotOffered } from '../protocol/volume_service.ts'
import { type Cause, causeOfText, causeOfWrong } from '../result/cause.ts'
import { type Certificate, type CheckResult, LEFT_OUT } from '../result/certificate.ts'
import { printable } from '../result/describe.ts'
import { certificateVerdict, notShownDriver } from '../result/verdicts.ts'
import { withoutRunFolders } from '../result/without_run_folders.ts'
import { STOPPED } from '../testbed/queue.ts'
import type { Candidate } from './candidate/candidate.ts'
import { DriverFault, DriverGone, NotMadeDirty, PeerFailed, StorageTooSmall } from './candidate/faults.ts'
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

/** Errors that say nothing about the driver. */
const NOT_SHOWN = [DriverGone, NotInstalled, NotMadeDirty, NotOpened, PeerFailed, StorageTooSmall]
const WORST_FIRST: readonly CheckResult['verdict'][] = ['refuted', 'broken', 'not-shown', 'upheld', 'not-offered']

type Judged = CheckOutcome | { readonly verdict: 'broken'; readonly text: string; readonly trace?: string }

/**
 * Holds one driver to the checks and writes its certificate. It may be installed several times, on several machines at once, and each
 * installation takes a part of the checks. A lab that fails makes checks `broken`, and throws nothing.
 */
export class Certification {
  readonly candidate: Candidate
  /** For each installation, the checks that it takes. */
  readonly parts: readonly (readonly Check[])[]
  private readonly checks: readonly Check[]
  private readonly options: CertificationOptions
  private readonly search: SmallestSearch
  /** When the first check began, and the last installation was closed. */
  private began: number | undefined
  private ended: number | undefined
  private readonly drivers: DriverUnderTest[] = []
  private readonly results = new Map<string, CheckResult>()
  private readonly runs = new Map<string, number>()
  private readonly readZero = new Map<string, boolean>()
  private readonly shown = new Map<string, Shown>()
  private readonly faults: string[] = []

  /** `checks` are all that the certificate lists, in their order. `parts` are those that each installation takes; default one for all. */
  constructor(candidate: Candidate, checks: readonly Check[], options: CertificationOptions, parts = [checks]) {
    this.candidate = candidate
    this.checks = checks
    this.parts = parts
    this.options = options
    this.search = new SmallestSearch(options.searchSeconds)
  }

  /**
   * Runs a check on an installation; those of one installation are to be run in their order. Where a check has run on another one too,
   * the worse result stands. Throws UsageError when the candidate is not a driver at all.
   */
  async run(check: Check, driver: DriverUnderTest): Promise<CheckResult> {
    if (!this.drivers.includes(driver)) this.drivers.push(driver)
    const began = performance.now()
    this.began ??= began
    const skipped = this.whySkipped(check, driver)
    const outcome = skipped === undefined ? await this.judge(check, driver) : notShown(skipped)
    const [wrong, shownBy] = outcome.verdict === 'refuted' ? [outcome.wrong, outcome.shownBy] : []
    const cause = outcome.verdict === 'refuted' ? causeOf(outcome) : undefined
    const shown = shownBy && (await this.smallest(shownBy, driver))
    if (shown !== undefined) this.shown.set(check.id, shown)
    if ('readZero' in outcome && outcome.readZero !== undefined) this.readZero.set(check.id, outcome.readZero)
    return this.keep({
      ...this.describe(check, outcome),
      ...(wrong !== undefined && { wrong }),
      ...(cause !== undefined && { cause }),
      ...('trace' in outcome && { trace: outcome.trace }),
      seconds: (performance.now() - began) / 1000,
    })
  }

  /** Whether every installation that takes a check has run it. */
  hasRun(check: Check): boolean {
    return this.runs.get(check.id) === this.parts.filter((part) => part.includes(check)).length
  }

  /** Ends an installation and releases its storage. Returns what could not be released. */
  async close(driver: DriverUnderTest): Promise<string[]> {
    const faults = await driver.shutDown().then(
      () => [],
      (error: unknown) => [messageOf(error)],
    )
    const leaks = [...faults, ...driver.leaks, ...this.search.leaks.splice(0)]
    this.faults.push(...leaks)
    this.ended = performance.now()
    return leaks
  }

  /** The certificate, once all installations are closed. Checks that were not run are not shown, for the reason given. */
  certificate(whyNotRun: string): Certificate {
    const { drivers, candidate, faults } = this
    if (drivers.length === 0) return notShownDriver(candidate.name, candidate.kind, whyNotRun, this.options.repeat(candidate))
    const shown = [...new Set(this.checks.flatMap(({ id }) => this.shown.get(id) ?? []))]
    const results = this.checks.map((check): CheckResult => {
      const result = this.results.get(check.id) ?? { ...this.describe(check, notShown(whyNotRun)), seconds: 0 }
      const showing = this.shown.get(check.id)
      return { ...result, ...(showing !== undefined && { counterexample: shown.indexOf(showing) }) }
    })
    const first = drivers.find((driver) => driver.first !== undefined)?.first
    const verdict = certificateVerdict(results)
    const reason = faults.length > 0 ? faults.join('; ') : results.find((check) => check.verdict === verdict && verdict !== 'upheld')?.text
    const wasted = first?.claim === false ? wastedSpace(this.readZero) : undefined
    return {
      driver: candidate.name,
      kind: candidate.kind,
      ...(first?.process.about.name !== undefined && { calledItself: printable(first.process.about.name) }),
      claim: first?.claim ?? false,
      claimReason: printable(
        first === undefined ? (drivers[0]?.whyGone ?? '') : decideCopyMode(first.answer, { history: 'new', layers: [] }).reason,
      ),
      verdict: verdict !== 'refuted' && faults.length > 0 ? 'broken' : verdict,
      ...(reason !== undefined && verdict !== 'refuted' && { reason }),
      checks: results,
      counterexamples: shown.map((some, index) => describeCounterexample(candidate.name, some, index)),
      ...(wasted !== undefined && { wastedSpace: wasted }),
      machine: [...new Set(drivers.map(({ testBed }) => testBed.machine.name))].toSorted().join(', '),
      repeat: this.options.repeat(candidate),
      seconds: this.secondsUntil(this.ended ?? performance.now()),
    }
  }

  private secondsUntil(time: number): number {
    return (time - (this.began ?? time)) / 1000
  }

  /** The part of a check's result that does not come from a counterexample. Much of its text is quoted from the driver. */
  private describe({ id, title }: Check, { verdict, text }: Pick<Judged, 'verdict' | 'text'>): Omit<CheckResult, 'seconds'> {
    return { id, title, verdict, text: printable(withoutRunFolders(text)), repeat: this.options.repeat(this.candidate, id) }
  }

  private keep(result: CheckResult): CheckResult {
    const other = this.results.get(result.id)
    const worse = other !== undefined && WORST_FIRST.indexOf(other.verdict) <= WORST_FIRST.indexOf(result.verdict) ? other : result
    this.results.set(result.id, worse)
    this.runs.set(result.id, (this.runs.get(result.id) ?? 0) + 1)
    return worse
  }

  private whySkipped({ id, phase }: Check, driver: DriverUnderTest): string | undefined {
    const { only, seconds } = this.options
    if (isStopped(driver)) return STOPPED
    if (phase !== 'first' && !only(id, this.candidate)) return LEFT_OUT
    const late = this.secondsUntil(performance.now()) > seconds
    return late && phase === undefined ? `the time was up: ${seconds} s` : undefined
  }

  /** Runs a check, deletes everything that it made, and gives the next one a driver that answers. */
  private async judge(check: Check, driver: DriverUnderTest): Promise<Judged> {
    let outcome: Judged
    let failed = false
    const { adapterFaults } = driver.testBed
    adapterFaults.length = 0
    try {
      if (check.setsAside === undefined) await driver.deleteAside()
      outcome = await check.run(driver)
    } catch (error) {
      outcome = outcomeOfError(error)
      failed = outcome.verdict !== 'not-offered'
    }
    // A driver that is killed because the run is stopped shows nothing.
    if (isStopped(driver) && outcome.verdict !== 'upheld') outcome = notShown(STOPPED)
    const faults = await driver.cleanUp()
    if (isStopped(driver)) return outcome
    // Whatever the check made of it: what an adapter failed at, its driver cannot be held to.
    const [adapterFault] = adapterFaults
    if (adapterFault !== undefined) outcome = brokenAdapter(adapterFault)
    const needsStorage = faults.length > 0 || (check.soilsStorage === true && outcome.verdict !== 'upheld')
    if (failed || adapterFault !== undefined || needsStorage) await driver.recover(needsStorage)
    const held = outcome.verdict === 'upheld' || outcome.verdict === 'not-offered'
    return held && faults.length > 0 ? refuted(`${outcome.text}; but afterwards ${faults.join('; ')}`) : outcome
  }

  /** The smallest case that shows the same on new storage; undefined where none was found. */
  private async smallest(shownBy: Case, driver: DriverUnderTest): Promise<Shown | undefined> {
    const { first } = driver
    if (first === undefined || isStopped(driver)) return undefined
    try {
      return await this.search.find(driver, shownBy, { stepBytes: first.stepBytes, volumeBytes: first.volumeBytes })
    } catch (error) {
      if (error instanceof UsageError) throw error
      return undefined // the refutation stands without it
    }
  }
}

function causeOf({ cause, text, wrong }: Extract<CheckOutcome, { verdict: 'refuted' }>): Cause | undefined {
  return cause ?? causeOfText(text) ?? (wrong && causeOfWrong(wrong))
}

function isStopped({ testBed }: DriverUnderTest): boolean {
  return testBed.lab.signal.aborted
}

function brokenAdapter({ message, trace }: AdapterFault): Judged {
  return { verdict: 'broken', text: message, ...(trace !== undefined && { trace }) }
}

function outcomeOfError(error: unknown): Judged {
  if (error instanceof UsageError) throw error
  if (error instanceof NotOffered) return notOffered(`the driver lacks it: ${messageOf(error)}`)
  if (NOT_SHOWN.some((kind) => error instanceof kind)) return notShown(messageOf(error))
  if (error instanceof DriverFault) return refuted(messageOf(error))
  return { verdict: 'broken', text: error instanceof BrokenLab ? messageOf(error) : `holeproof itself failed: ${messageOf(error)}` }
}

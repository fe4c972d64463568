import { lengthOf } from '../content/ranges.ts'
import { messageOf, NotInstalled } from '../errors.ts'
import { predict } from '../model/copy_case.ts'
import { NotOpened } from '../movers/mirror/disk.ts'
import type { CopyCase, CopyResult } from '../result/copy.ts'
import type { Finding, Verdict } from '../result/finding.ts'
import type { RunControls } from '../testbed/events.ts'
import { verdictOf } from '../testbed/findings.ts'
import { PhaseClock } from '../testbed/phases.ts'
import { runQueue, STOPPED } from '../testbed/queue.ts'
import type { TestBed } from '../testbed/test_bed.ts'
import type { Model } from './broken_models.ts'
import { describeCopyCase } from './describe_copy.ts'
import { type CopyJudgement, judgeCopy, rulePermits } from './judge_copy.ts'
import { type CopyRun, runCopy } from './run_copy.ts'
import { shrinkCopy } from './shrink.ts'
import type { Trap } from './traps.ts'

/** The most ranges of a map that a result keeps: it may hold many copies. */
const MOST_RANGES = 500

/** A copy to run, by a name that stays. */
export interface NamedCopy {
  readonly id: string
  readonly copyCase: CopyCase
  readonly expect?: Trap['expect']
}

export interface CopyRunOptions {
  /** The model that predicts. Another one than the sound one shows that a broken model is noticed. */
  readonly model?: Model
  /** The command that repeats a copy. */
  readonly repeat: (copyCase: NamedCopy) => string
  /** Seconds to spend in all on smaller copies that fail alike; 0 for none. */
  readonly shrinkSeconds: number
}

/** Runs copies on all test beds at once. The results come in the order of the copies; copies that could not run are `not-shown`. */
export async function runCopies(
  copies: Iterable<NamedCopy>,
  testBeds: readonly TestBed[],
  options: CopyRunOptions & RunControls,
): Promise<{ results: CopyResult[]; leaks: string[] }> {
  const begun: string[] = []
  const results = new Map<string, CopyResult>()
  let shrinkSeconds = options.shrinkSeconds
  const keep = (result: CopyResult) => {
    results.set(result.id, result)
    options.onEvent({ kind: 'cell-ended', result })
  }
  const { leaks, left, why } = await runQueue(copies, testBeds, options.signal, async (testBed, named) => {
    begun.push(named.id)
    options.onEvent({ kind: 'cell-started', id: named.id, machine: testBed.machine.name })
    const { result, leaks, shrunkSeconds } = await runNamedCopy(testBed, named, { ...options, shrinkSeconds })
    shrinkSeconds = Math.max(0, shrinkSeconds - shrunkSeconds)
    // A copy that was cut off has shown nothing.
    keep(options.signal.aborted ? notShownCopy(named, STOPPED, options) : result)
    return { broken: result.verdict === 'broken', leaks }
  })
  // A copy that never began is not progress.
  for (const named of left) results.set(named.id, notShownCopy(named, why, options))
  return { results: [...begun, ...left.map(({ id }) => id)].flatMap((id) => results.get(id) ?? []), leaks: [...leaks] }
}

/** A copy that did not run: never counted as upheld. */
export function notShownCopy(named: NamedCopy, reason: string, options: Pick<CopyRunOptions, 'model' | 'repeat'>): CopyResult {
  return { ...known(named, options), verdict: 'not-shown', reason, findings: [], machine: '', seconds: 0 }
}

/** The part of a copy's result that is known before it runs. */
function known(named: NamedCopy, { model = predict, repeat }: Pick<CopyRunOptions, 'model' | 'repeat'>) {
  const { id, copyCase } = named
  return {
    id,
    description: describeCopyCase(copyCase),
    permitted: rulePermits(copyCase),
    repeat: repeat(named),
    copyCase,
    predictedWrongBytes: lengthOf(model(copyCase).wrong),
  }
}

/** Runs one copy on a test bed, in a lab of its own. Never throws: a lab that fails is a `broken` copy. */
export async function runNamedCopy(
  testBed: TestBed,
  named: NamedCopy,
  options: CopyRunOptions,
): Promise<{ result: CopyResult; leaks: string[]; shrunkSeconds: number }> {
  const began = performance.now()
  const { model = predict, shrinkSeconds } = options
  const { copyCase, expect } = named
  const clock = new PhaseClock()
  const { judgement, seen, verdict, leaks } = await runAndJudge(testBed, copyCase, model, expect, clock)
  const failed = firstFailed(judgement?.findings ?? [])
  const found = failed !== undefined && shrinkSeconds > 0 ? await shrink(testBed, copyCase, model, failed, shrinkSeconds) : undefined
  return {
    shrunkSeconds: found?.seconds ?? 0,
    result: {
      ...known(named, options),
      ...verdict,
      findings: judgement?.findings ?? [],
      ...(judgement !== undefined && {
        wrongBytes: judgement.wrongBytes,
        mappedBytes: judgement.mappedBytes,
        staleBytesPastEnd: judgement.staleBytesPastEnd,
      }),
      ...(seen !== undefined && { seen }),
      ...(found?.smallest !== undefined && { smallest: found.smallest }),
      machine: testBed.machine.name,
      seconds: (performance.now() - began) / 1000,
      phases: clock.phases,
    },
    leaks: [...leaks, ...(found?.leaks ?? [])],
  }
}

async function runAndJudge(
  testBed: TestBed,
  copyCase: CopyCase,
  model: Model,
  expect?: Trap['expect'],
  clock = new PhaseClock(),
): Promise<{
  judgement?: CopyJudgement
  seen?: NonNullable<CopyResult['seen']>
  verdict: { verdict: Verdict; reason?: string }
  leaks: string[]
}> {
  const lab = await testBed.lab.child()
  let judgement: CopyJudgement | undefined
  let seen: CopyResult['seen']
  let broken: string | undefined
  let notShown: string | undefined
  try {
    const run = await runCopy(testBed, lab, copyCase, model, clock)
    judgement = judgeCopy(copyCase, run, expect)
    seen = worthSeeing(judgement) ? recordOfRun(run) : undefined
  } catch (error) {
    if (error instanceof NotInstalled || error instanceof NotOpened) notShown = messageOf(error)
    else broken = messageOf(error)
  }
  const leaks = await clock.time('release', () => lab.release())
  const verdict = verdictOf({ findings: judgement?.findings ?? [], broken, notShown }, leaks)
  return { ...(judgement !== undefined && { judgement }), ...(seen !== undefined && { seen }), verdict, leaks }
}

function worthSeeing({ wrongBytes, staleBytesPastEnd, findings }: CopyJudgement): boolean {
  return wrongBytes > 0 || staleBytesPastEnd > 0 || findings.some(({ ok }) => !ok)
}

function recordOfRun({ prediction, measured, verification }: CopyRun): CopyResult['seen'] {
  const { byteClasses, destination } = measured
  const { content, destinationMapped, copied } = prediction
  const longest = Math.max(...[byteClasses ?? [], destination.mapped ?? [], content, destinationMapped].map(({ length }) => length))
  if (byteClasses === undefined || longest > MOST_RANGES) return undefined
  return {
    content: byteClasses,
    mapped: destination.mapped,
    predicted: content,
    predictedMapped: destinationMapped,
    written: copied.written,
    firstWrongPage: verification.firstWrongPage,
  }
}

/** A trap's own expectation holds for it alone; a simpler copy fails alike when the same other check fails. */
function firstFailed(findings: readonly Finding[]): Finding | undefined {
  return findings.find(({ ok, check }) => !ok && check !== 'trap')
}

async function shrink(
  testBed: TestBed,
  copyCase: CopyCase,
  model: Model,
  failed: Finding,
  seconds: number,
): Promise<{ smallest?: NonNullable<CopyResult['smallest']>; leaks: string[]; seconds: number }> {
  const began = performance.now()
  const leaks: string[] = []
  const fails = async (candidate: CopyCase) => {
    const again = await runAndJudge(testBed, candidate, model)
    leaks.push(...again.leaks)
    return again.judgement?.findings.find(({ ok, check }) => !ok && check === failed.check)
  }
  const found = await shrinkCopy(copyCase, fails, seconds)
  const shrunk = { leaks, seconds: (performance.now() - began) / 1000 }
  if (found === undefined) return shrunk
  const smallest = {
    copyCase: found.copyCase,
    description: describeCopyCase(found.copyCase),
    text: `${found.failure.check}: ${found.failure.text}`,
  }
  return { ...shrunk, smallest }
}

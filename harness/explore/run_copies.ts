import { lengthOf } from '../content/runs.ts'
import { messageOf } from '../errors.ts'
import { predict, type World } from '../model/world.ts'
import type { Finding, Verdict, WorldResult } from '../result/result.ts'
import type { RunControls } from '../testbed/events.ts'
import { verdictOf } from '../testbed/findings.ts'
import { runQueue, STOPPED } from '../testbed/queue.ts'
import type { Bench } from '../testbed/test_bed.ts'
import type { Model } from './broken_models.ts'
import { describeWorld } from './describe_copy.ts'
import { judgeWorld, permits, type WorldJudgement } from './judge_copy.ts'
import { runWorld, type WorldRun } from './run_copy.ts'
import { smallestWorld } from './shrink.ts'
import type { Trap } from './traps.ts'

/** Runs of a map beyond which it is not kept: a result may hold many worlds. */
const MOST_RUNS = 500

/** A world to run, by a name that stays. */
export interface NamedWorld {
  readonly id: string
  readonly world: World
  readonly expect?: Trap['expect']
}

export interface WorldOptions {
  /** What predicts; another than the sound one only to show that it is noticed. */
  readonly model?: Model
  /** The command that repeats a world. */
  readonly repeat: (world: NamedWorld) => string
  /** How long smaller worlds that fail alike are looked for, in all; 0 for not at all. */
  readonly shrinkSeconds: number
}

/** Runs worlds on all benches at once, for as long as there are any; the results come in the worlds' order. Worlds that nobody could run are `not-shown`. */
export async function runWorlds(
  worlds: Iterable<NamedWorld>,
  benches: readonly Bench[],
  options: WorldOptions & RunControls,
): Promise<{ results: WorldResult[]; leaks: string[] }> {
  const begun: string[] = []
  const results = new Map<string, WorldResult>()
  let shrinkSeconds = options.shrinkSeconds
  const keep = (result: WorldResult) => {
    results.set(result.id, result)
    options.tell({ kind: 'cell-ended', result })
  }
  const { leaks, left, why } = await runQueue(worlds, benches, options.signal, async (bench, named) => {
    begun.push(named.id)
    options.tell({ kind: 'cell-started', id: named.id, machine: bench.machine.name })
    const { result, leaks, shrunkSeconds } = await runNamedWorld(bench, named, { ...options, shrinkSeconds })
    shrinkSeconds = Math.max(0, shrinkSeconds - shrunkSeconds)
    // What was cut off has shown nothing.
    keep(options.signal.aborted ? notShownWorld(named, STOPPED, options) : result)
    return { broken: result.verdict === 'broken', leaks }
  })
  // What never began is no progress.
  for (const named of left) results.set(named.id, notShownWorld(named, why, options))
  return { results: [...begun, ...left.map(({ id }) => id)].flatMap((id) => results.get(id) ?? []), leaks: [...leaks] }
}

/** A world that did not run: never counted as upheld. */
export function notShownWorld(named: NamedWorld, reason: string, options: Pick<WorldOptions, 'model' | 'repeat'>): WorldResult {
  return { ...known(named, options), verdict: 'not-shown', reason, findings: [], machine: '', seconds: 0 }
}

/** The part of a world's result that is known before it runs. */
function known(named: NamedWorld, { model = predict, repeat }: Pick<WorldOptions, 'model' | 'repeat'>) {
  const { id, world } = named
  return {
    ...{ id, description: describeWorld(world), permitted: permits(world), repeat: repeat(named) },
    // The schema's arrays are not readonly.
    world: structuredClone(world) as WorldResult['world'],
    predictedWrongBytes: lengthOf(model(world).wrong),
  }
}

/** Runs one world on a bench, in a lab of its own. Never throws: a lab that fails is a `broken` world. */
export async function runNamedWorld(
  bench: Bench,
  named: NamedWorld,
  options: WorldOptions,
): Promise<{ result: WorldResult; leaks: string[]; shrunkSeconds: number }> {
  const began = performance.now()
  const { model = predict, shrinkSeconds } = options
  const { world, expect } = named
  const { judgement, seen, verdict, leaks } = await judged(bench, world, model, expect)
  const failed = firstFailed(judgement?.findings ?? [])
  const found = failed !== undefined && shrinkSeconds > 0 ? await shrink(bench, world, model, failed, shrinkSeconds) : undefined
  return {
    shrunkSeconds: found?.seconds ?? 0,
    result: {
      ...known(named, options),
      ...verdict,
      findings: judgement?.findings ?? [],
      ...(judgement !== undefined && { wrongBytes: judgement.wrongBytes, oldBytesBehind: judgement.oldBytesBehind }),
      ...(seen !== undefined && { seen }),
      ...(found?.smallest !== undefined && { smallest: found.smallest }),
      machine: bench.machine.name,
      seconds: (performance.now() - began) / 1000,
    },
    leaks: [...leaks, ...(found?.leaks ?? [])],
  }
}

async function judged(
  bench: Bench,
  world: World,
  model: Model,
  expect?: Trap['expect'],
): Promise<{
  judgement?: WorldJudgement
  seen?: NonNullable<WorldResult['seen']>
  verdict: { verdict: Verdict; reason?: string }
  leaks: string[]
}> {
  const lab = await bench.lab.child()
  let judgement: WorldJudgement | undefined
  let seen: WorldResult['seen']
  let broken: string | undefined
  try {
    const run = await runWorld(bench, lab, world, model)
    judgement = judgeWorld(world, run, expect)
    seen = worthSeeing(judgement) ? recordOfRun(run) : undefined
  } catch (error) {
    broken = messageOf(error)
  }
  const leaks = await lab.release()
  const verdict = verdictOf({ findings: judgement?.findings ?? [], ...(broken !== undefined && { broken }) }, leaks)
  return { ...(judgement !== undefined && { judgement }), ...(seen !== undefined && { seen }), verdict, leaks }
}

function worthSeeing({ wrongBytes, oldBytesBehind, findings }: WorldJudgement): boolean {
  return wrongBytes > 0 || oldBytesBehind > 0 || findings.some(({ ok }) => !ok)
}

function recordOfRun({ prediction, measured, verification }: WorldRun): WorldResult['seen'] {
  const { survey, destination } = measured
  const { content, destinationMapped, copied } = prediction
  const longest = Math.max(...[survey ?? [], destination.mapped ?? [], content, destinationMapped].map(({ length }) => length))
  if (survey === undefined || longest > MOST_RUNS) return undefined
  return {
    content: [...survey],
    ...(destination.mapped !== undefined && { mapped: [...destination.mapped] }),
    predicted: [...content],
    predictedMapped: [...destinationMapped],
    written: [...copied.written],
    ...(verification.firstWrongPage !== undefined && { firstWrongPage: verification.firstWrongPage }),
  }
}

/** A trap's own expectation holds for it alone; a simpler world fails alike when the same other check fails. */
function firstFailed(findings: readonly Finding[]): Finding | undefined {
  return findings.find(({ ok, check }) => !ok && check !== 'trap')
}

async function shrink(
  bench: Bench,
  world: World,
  model: Model,
  failed: Finding,
  seconds: number,
): Promise<{ smallest?: NonNullable<WorldResult['smallest']>; leaks: string[]; seconds: number }> {
  const began = performance.now()
  const leaks: string[] = []
  const fails = async (candidate: World) => {
    const again = await judged(bench, candidate, model)
    leaks.push(...again.leaks)
    return again.judgement?.findings.find(({ ok, check }) => !ok && check === failed.check)
  }
  const found = await smallestWorld(world, fails, seconds)
  const shrunk = { leaks, seconds: (performance.now() - began) / 1000 }
  if (found === undefined) return shrunk
  const smallest = {
    world: structuredClone(found.world) as WorldResult['world'],
    description: describeWorld(found.world),
    text: `${found.failure.check}: ${found.failure.text}`,
  }
  return { ...shrunk, smallest }
}

import fc from 'fast-check'
import type { MachineKind } from '../machine/machine.ts'
import { dd } from '../movers/dd.ts'
import { endedResult, type Result } from '../result/result.ts'
import type { RunControls } from '../testbed/events.ts'
import { Session } from '../testbed/session.ts'
import { type BrokenModel, brokenModels } from './broken_models.ts'
import { WORLD_IMAGE_BYTES } from './build_storage.ts'
import { toWorld, worldParts } from './random_copies.ts'
import { type NamedWorld, runWorlds, type WorldOptions } from './run_copies.ts'

const BATCH = 100

export interface ExploreOptions extends RunControls, Omit<WorldOptions, 'model'> {
  readonly machine: MachineKind
  readonly seed: number
  readonly version: string
  /** No world is begun later. */
  readonly seconds: number
  /** Only the world of this number. */
  readonly only?: number
  readonly brokenModel?: BrokenModel
  readonly machines?: number
}

/** Copies at random, on real storage, each held against the model. Throws BrokenLab when no machine can be had. */
export async function explore(options: ExploreOptions): Promise<Result> {
  const { seed, brokenModel } = options
  const startedAt = new Date()
  const session = await Session.open({
    machine: options.machine,
    machines: options.only === undefined ? (options.machines ?? Number.MAX_SAFE_INTEGER) : 1,
    imageBytes: WORLD_IMAGE_BYTES,
    seed,
    mover: dd,
    signal: options.signal,
  })
  const worlds = options.only === undefined ? until(Date.now() + options.seconds * 1000, randomWorlds(seed)) : [worldOf(seed, options.only)]
  let run: Awaited<ReturnType<typeof runWorlds>>
  let faults: string[] = []
  try {
    run = await runWorlds(worlds, session.benches, { ...options, ...(brokenModel !== undefined && { model: brokenModels[brokenModel] }) })
  } finally {
    faults = await session.close()
  }
  return endedResult(
    {
      version: options.version,
      seed,
      ...(brokenModel !== undefined && { brokenRule: brokenModel }),
      machines: session.machinesUsed,
      cells: [],
      worlds: run.results,
      certificates: [],
      leaks: [...run.leaks, ...faults],
    },
    startedAt,
    options.signal,
  )
}

/** Worlds without end, the same for the same seed. */
export function* randomWorlds(seed: number): Generator<NamedWorld> {
  for (let batch = 0; ; batch++) {
    const worlds = fc.sample(worldParts, { seed: seed + batch, numRuns: BATCH })
    for (const [index, parts] of worlds.entries()) yield { id: `random/${batch * BATCH + index}`, world: toWorld(parts) }
  }
}

function worldOf(seed: number, number: number): NamedWorld {
  let at = 0
  for (const world of randomWorlds(seed)) if (at++ === number) return world
  throw new Error('there is no end of worlds')
}

function* until<Item>(deadline: number, items: Iterable<Item>): Generator<Item> {
  for (const item of items) {
    if (Date.now() >= deadline) return
    yield item
  }
}

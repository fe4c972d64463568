import fc from 'fast-check'
import type { MachineChoice } from '../machine/machine.ts'
import { dd } from '../movers/dd.ts'
import type { Result } from '../result/result.ts'
import type { RunControls } from '../testbed/events.ts'
import { runInSession } from '../testbed/session.ts'
import { type BrokenModel, brokenModels } from './broken_models.ts'
import { COPY_IMAGE_BYTES } from './build_storage.ts'
import { caseParts, liveParts, toCopyCase } from './random_copies.ts'
import { type CopyRunOptions, type NamedCopy, runCopies } from './run_copies.ts'

const BATCH = 100

export interface ExploreOptions extends RunControls, Omit<CopyRunOptions, 'model'> {
  readonly machine: MachineChoice
  readonly seed: number
  readonly version: string
  /** No copy is begun later. */
  readonly seconds: number
  /** Copies of volumes in use by QEMU's mirror, and no others. */
  readonly live?: boolean
  /** Only the copy of this number. */
  readonly only?: number
  readonly brokenModel?: BrokenModel
  readonly machines?: number
}

/** Copies at random, on real storage, each held against the model. Throws BrokenLab when no machine can be had. */
export async function explore(options: ExploreOptions): Promise<Result> {
  const { seed, only, brokenModel, live = false } = options
  const all = randomCopies(seed, live)
  const copies = only === undefined ? until(Date.now() + options.seconds * 1000, all) : [copyOf(all, only)]
  return runInSession(
    {
      machine: options.machine,
      machines: only === undefined ? (options.machines ?? Number.MAX_SAFE_INTEGER) : 1,
      imageBytes: COPY_IMAGE_BYTES,
      seed,
      mover: dd,
      version: options.version,
      ...(brokenModel !== undefined && { brokenRule: brokenModel }),
      signal: options.signal,
    },
    async ({ testBeds }) => {
      const model = brokenModel && brokenModels[brokenModel]
      const { results, leaks } = await runCopies(copies, testBeds, { ...options, ...(model !== undefined && { model }) })
      return { copies: results, leaks }
    },
  )
}

/** Copies without end, the same for the same seed. */
export function* randomCopies(seed: number, live = false): Generator<NamedCopy> {
  for (let batch = 0; ; batch++) {
    const copies = fc.sample(live ? liveParts : caseParts, { seed: mix(mix(seed) ^ batch), numRuns: BATCH })
    yield* copies.map((parts, index) => ({ id: `random/${batch * BATCH + index}`, copyCase: toCopyCase(parts) }))
  }
}

/** The finalizer of MurmurHash3, a bijection of 32-bit integers: with `seed + batch`, seed 7 would repeat most of seed 8. */
function mix(value: number): number {
  let mixed = value | 0
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return mixed ^ (mixed >>> 16)
}

function copyOf(copies: Iterable<NamedCopy>, number: number): NamedCopy {
  for (const copy of copies) if (copy.id === `random/${number}`) return copy
  throw new Error('the random copies ended, and they are endless')
}

function* until<Item>(deadline: number, items: Iterable<Item>): Generator<Item> {
  for (const item of items) {
    if (Date.now() >= deadline) return
    yield item
  }
}

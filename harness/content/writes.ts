import type { Extent } from '../result/bytes.ts'
import type { WriterName } from '../result/mirror.ts'
import { KiB } from '../units.ts'
import type { Content } from './content.ts'
import { joined, type RangeMap } from './ranges.ts'

/** The unit of the writes to a volume in use, in bytes: what most instances' filesystems write. */
export const WRITE_BYTES = 4 * KiB
/** The unit of what is zeroed or discarded: dm-thin's default chunk. */
const CHUNK_BYTES = 64 * KiB
/** So many blocks are overwritten again and again. */
const OVERWRITTEN = 8

/** A write to a volume in use. It covers whole units; a discard leaves what was there, or zeros. */
export interface Write {
  readonly kind: 'data' | 'zeros' | 'discard'
  readonly offset: number
  readonly length: number
  /** Counts from 1. */
  readonly generation: number
}

type Choose = (generation: number, sizeBytes: number, random: () => number) => Omit<Write, 'generation'>

const at = (kind: Write['kind'], index: number, length: number) => ({ kind, offset: index * length, length })
const anyOf = (sizeBytes: number, length: number, random: () => number) => Math.floor(random() * Math.floor(sizeBytes / length))

const choices = {
  sequential: (generation, sizeBytes) => at('data', (generation - 1) % Math.floor(sizeBytes / CHUNK_BYTES), CHUNK_BYTES),
  random: (_generation: number, sizeBytes: number, random: () => number) => at('data', anyOf(sizeBytes, WRITE_BYTES, random), WRITE_BYTES),
  overwrite: (generation, sizeBytes) => {
    const step = Math.floor(sizeBytes / OVERWRITTEN / WRITE_BYTES)
    return at('data', (generation % OVERWRITTEN) * step, WRITE_BYTES)
  },
  'zero-and-discard': (generation, sizeBytes, random) => {
    const kinds = ['zeros', 'discard', 'data'] as const
    return at(kinds[generation % kinds.length] ?? 'data', anyOf(sizeBytes, CHUNK_BYTES, random), CHUNK_BYTES)
  },
} satisfies Record<Exclude<WriterName, 'none' | 'mixed'>, Choose>

const kinds: readonly Choose[] = Object.values(choices)
const mixed: Choose = (generation, sizeBytes, random) =>
  (kinds[Math.floor(random() * kinds.length)] ?? choices.random)(generation, sizeBytes, random)

/** Chooses a writer's next write to a volume of at least 1 MiB. */
export function nextWrite(writer: Exclude<WriterName, 'none'>, generation: number, sizeBytes: number, random: () => number): Write {
  const choose = writer === 'mixed' ? mixed : choices[writer]
  return { ...choose(generation, sizeBytes, random), generation }
}

/** What a unit may hold: the content before the writes, zeros, or the data of a write. */
type State = 'before' | 'zeros' | number

/** What a volume in use holds by the writes to it: the last that was acknowledged, or one that was under way. Pure. */
export class WrittenVolume {
  private readonly before: Content
  /** For each unit everything that it may hold, by its number; absent: as before. */
  private readonly states = new Map<number, readonly State[]>()
  private readonly underWay = new Set<Write>()
  acknowledged = 0

  constructor(before: Content) {
    this.before = before
  }

  begin(write: Write): void {
    this.underWay.add(write)
  }

  acknowledge(write: Write): void {
    this.underWay.delete(write)
    this.acknowledged++
    for (const unit of unitsOf(write)) this.states.set(unit, this.after(unit, write))
  }

  /** Returns whether a write overlaps one that is under way: the order of two such is nobody's promise. */
  overlaps({ offset, length }: Write): boolean {
    return [...this.underWay].some((other) => other.offset < offset + length && offset < other.offset + other.length)
  }

  content(): Content {
    const states = new Map(this.states)
    for (const write of this.underWay)
      for (const unit of unitsOf(write)) states.set(unit, [...new Set([...this.statesOf(unit), ...this.after(unit, write)])])
    const most = Math.max(1, ...[...states.values()].map(({ length }) => length))
    const layers = Array.from({ length: most - 1 }, (_, index) => this.layer(states, index + 1))
    const extents = this.layer(states, 0)
    return { ...this.before, extents: [...this.untouched(states), ...extents].sort(byOffset), ...(layers.length > 0 && { or: layers }) }
  }

  /** The ranges that any write covered, in order. */
  touched(): RangeMap<true> {
    const units = new Set([...this.states.keys(), ...[...this.underWay].flatMap(unitsOf)])
    return joined(
      [...units].sort((a, b) => a - b).map((unit) => ({ from: unit * WRITE_BYTES, to: (unit + 1) * WRITE_BYTES, value: true as const })),
    )
  }

  private statesOf(unit: number): readonly State[] {
    return this.states.get(unit) ?? ['before']
  }

  private after(unit: number, { kind, generation }: Write): readonly State[] {
    if (kind === 'discard') return [...new Set<State>([...this.statesOf(unit), 'zeros'])]
    return [kind === 'zeros' ? 'zeros' : generation]
  }

  /** The extents that the nth state of each unit makes, where it has as many. */
  private layer(states: ReadonlyMap<number, readonly State[]>, nth: number): Extent[] {
    const extents: Extent[] = []
    for (const unit of [...states.keys()].sort((a, b) => a - b)) {
      const state = states.get(unit)?.[nth]
      if (state === undefined) continue
      const offset = unit * WRITE_BYTES
      if (state === 'before') extents.push(...withZerosBetween(cut(this.before.extents, offset, WRITE_BYTES), offset, WRITE_BYTES))
      else {
        const extent: Extent = { offset, length: WRITE_BYTES, ...(state === 'zeros' ? ZEROS : { write: 'data', generation: state }) }
        const last = extents.at(-1)
        if (last !== undefined && continues(last, extent)) extents[extents.length - 1] = { ...last, length: last.length + WRITE_BYTES }
        else extents.push(extent)
      }
    }
    return extents
  }

  /** The parts of the content before the writes that no write touched. */
  private untouched(states: ReadonlyMap<number, unknown>): Extent[] {
    const kept: Extent[] = []
    for (const { offset, length, ...rest } of this.before.extents) {
      const end = offset + length
      for (let from = offset; from < end; ) {
        let to = Math.min(end, (Math.floor(from / WRITE_BYTES) + 1) * WRITE_BYTES)
        if (!states.has(Math.floor(from / WRITE_BYTES))) {
          while (to < end && !states.has(to / WRITE_BYTES)) to = Math.min(end, to + WRITE_BYTES)
          kept.push({ ...rest, offset: from, length: to - from })
        }
        from = to
      }
    }
    return kept
  }
}

const ZEROS = { write: 'zeros' } as const

function unitsOf({ offset, length }: Write): number[] {
  return Array.from({ length: length / WRITE_BYTES }, (_, index) => offset / WRITE_BYTES + index)
}

function continues(last: Extent, next: Extent): boolean {
  return last.offset + last.length === next.offset && last.write === next.write && last.generation === next.generation
}

function byOffset(one: Extent, other: Extent): number {
  return one.offset - other.offset
}

function cut(extents: readonly Extent[], from: number, length: number): Extent[] {
  return extents.flatMap((extent) => {
    const start = Math.max(extent.offset, from)
    const end = Math.min(extent.offset + extent.length, from + length)
    return start < end ? [{ ...extent, offset: start, length: end - start }] : []
  })
}

/** The extents of a range, with zeros where there are none. */
export function withZerosBetween(extents: readonly Extent[], from: number, length: number): Extent[] {
  const all: Extent[] = []
  let end = from
  for (const extent of extents) {
    if (extent.offset > end) all.push({ offset: end, length: extent.offset - end, ...ZEROS })
    all.push(extent)
    end = extent.offset + extent.length
  }
  if (end < from + length) all.push({ offset: end, length: from + length - end, ...ZEROS })
  return all
}

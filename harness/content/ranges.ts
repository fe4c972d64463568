/** A range [from, to) of bytes or chunks with one value. */
export interface Range<Value> {
  readonly from: number
  readonly to: number
  readonly value: Value
}

/**
 * An interval map. Its ranges are sorted, disjoint and never empty, and neighbours of equal value are joined. Bytes outside them have
 * no value. The cost of every operation is in the number of ranges, not in their length.
 */
export type RangeMap<Value> = readonly Range<Value>[]

/** A map of one range, or of none if it would be empty. */
export function range<Value>(from: number, to: number, value: Value): RangeMap<Value> {
  return from < to ? [{ from, to, value }] : []
}

/** Joins sorted, disjoint ranges that touch and have the same value. */
export function joined<Value>(ranges: Iterable<Range<Value>>): RangeMap<Value> {
  const out: Range<Value>[] = []
  for (const next of ranges) push(out, next)
  return out
}

/** Takes `top` where it has a value, and `base` elsewhere. */
export function overlay<Value>(base: RangeMap<Value>, top: RangeMap<Value>): RangeMap<Value> {
  if (base.length === 0) return top
  if (top.length === 0) return base
  const rest = subtract(base, top)
  const out: Range<Value>[] = []
  let index = 0
  for (const next of top) {
    for (let before = rest[index]; before !== undefined && before.from < next.from; before = rest[++index]) push(out, before)
    push(out, next)
  }
  for (let last = rest[index]; last !== undefined; last = rest[++index]) push(out, last)
  return out
}

/** The part of the map outside `removed`. */
export function subtract<Value>(ranges: RangeMap<Value>, removed: RangeMap<unknown>): RangeMap<Value> {
  if (ranges.length === 0 || removed.length === 0) return ranges
  const out: Range<Value>[] = []
  let index = 0
  for (const { from, to, value } of ranges) {
    let at = from
    for (let hole = removed[index]; hole !== undefined && hole.to <= from; hole = removed[++index]);
    for (let next = index, hole = removed[next]; hole !== undefined && hole.from < to; hole = removed[++next]) {
      if (at < hole.from) push(out, { from: at, to: hole.from, value })
      at = Math.max(at, hole.to)
    }
    if (at < to) push(out, { from: at, to, value })
  }
  return out
}

/** The part of the map inside `mask`. */
export function intersect<Value>(ranges: RangeMap<Value>, mask: RangeMap<unknown>): RangeMap<Value> {
  const out: Range<Value>[] = []
  let index = 0
  for (const { from, to, value } of ranges) {
    for (let part = mask[index]; part !== undefined && part.to <= from; part = mask[++index]);
    for (let next = index, part = mask[next]; part !== undefined && part.from < to; part = mask[++next]) {
      push(out, { from: Math.max(from, part.from), to: Math.min(to, part.to), value })
    }
  }
  return out
}

/** The part of the map in [from, to). */
export function clip<Value>(ranges: RangeMap<Value>, from: number, to: number): RangeMap<Value> {
  const [first, last] = [ranges[0], ranges.at(-1)]
  if (first === undefined || last === undefined || (from <= first.from && last.to <= to)) return ranges
  return intersect(ranges, range(from, to, true))
}

/** The map on [from, to), with `value` in its gaps. */
export function filled<Value>(ranges: RangeMap<Value>, from: number, to: number, value: Value): RangeMap<Value> {
  return overlay(range(from, to, value), clip(ranges, from, to))
}

/** The ranges whose values pass. */
export function filterRanges<Value>(ranges: RangeMap<Value>, passes: (value: Value) => boolean): RangeMap<true> {
  return toMask(ranges.filter(({ value }) => passes(value)))
}

/** The ranges that the map covers, without their values. */
export function toMask(ranges: RangeMap<unknown>): RangeMap<true> {
  const out: Range<true>[] = []
  for (const { from, to } of ranges) push(out, { from, to, value: true })
  return out
}

/** The numbers of the grains that the map touches: bytes to chunks. */
export function touched(ranges: RangeMap<unknown>, grain: number): RangeMap<true> {
  const out: Range<true>[] = []
  for (const { from, to } of ranges) {
    const last = out.at(-1)
    const first = Math.max(Math.floor(from / grain), last?.to ?? 0)
    push(out, { from: first, to: Math.ceil(to / grain), value: true })
  }
  return out
}

/** The numbers of the grains that the map covers completely. */
export function contained(ranges: RangeMap<unknown>, grain: number): RangeMap<true> {
  const out: Range<true>[] = []
  for (const { from, to } of toMask(ranges)) push(out, { from: Math.ceil(from / grain), to: Math.floor(to / grain), value: true })
  return out
}

/** Converts grain numbers back: chunks to bytes. */
export function scaled<Value>(ranges: RangeMap<Value>, grain: number): RangeMap<Value> {
  return ranges.map(({ from, to, value }) => ({ from: from * grain, to: to * grain, value }))
}

export function shifted<Value>(ranges: RangeMap<Value>, by: number): RangeMap<Value> {
  return ranges.map(({ from, to, value }) => ({ from: from + by, to: to + by, value }))
}

/** The total length of the ranges. */
export function lengthOf(ranges: RangeMap<unknown>): number {
  let length = 0
  for (const { from, to } of ranges) length += to - from
  return length
}

export function same<Value>(one: RangeMap<Value>, other: RangeMap<Value>): boolean {
  return (
    one.length === other.length &&
    one.every(({ from, to, value }, index) => {
      const there = other[index]
      return there !== undefined && there.from === from && there.to === to && there.value === value
    })
  )
}

function push<Value>(out: Range<Value>[], next: Range<Value>): void {
  if (next.from >= next.to) return
  const last = out.at(-1)
  if (last !== undefined && last.to === next.from && last.value === next.value)
    out[out.length - 1] = { from: last.from, to: next.to, value: last.value }
  else out.push(next)
}

/** A stretch [from, to) of bytes or chunks with one value. */
export interface Run<Value> {
  readonly from: number
  readonly to: number
  readonly value: Value
}

/**
 * An interval map: sorted, disjoint, never empty runs; neighbours of equal value are one run. What no run covers has no value.
 * All that is done with it costs what it has in runs, not what they cover.
 */
export type Runs<Value> = readonly Run<Value>[]

/** One run, or none when it would be empty. */
export function run<Value>(from: number, to: number, value: Value): Runs<Value> {
  return from < to ? [{ from, to, value }] : []
}

/** Joins sorted, disjoint runs where they touch and agree. */
export function joined<Value>(runs: Iterable<Run<Value>>): Runs<Value> {
  const out: Run<Value>[] = []
  for (const next of runs) push(out, next)
  return out
}

/** `top` where it has a value, `base` elsewhere. */
export function overlay<Value>(base: Runs<Value>, top: Runs<Value>): Runs<Value> {
  if (base.length === 0) return top
  if (top.length === 0) return base
  const rest = without(base, top)
  const out: Run<Value>[] = []
  let index = 0
  for (const next of top) {
    for (let before = rest[index]; before !== undefined && before.from < next.from; before = rest[++index]) push(out, before)
    push(out, next)
  }
  for (let last = rest[index]; last !== undefined; last = rest[++index]) push(out, last)
  return out
}

/** What of the map lies outside the cover. */
export function without<Value>(runs: Runs<Value>, cover: Runs<unknown>): Runs<Value> {
  if (runs.length === 0 || cover.length === 0) return runs
  const out: Run<Value>[] = []
  let index = 0
  for (const { from, to, value } of runs) {
    let at = from
    for (let hole = cover[index]; hole !== undefined && hole.to <= from; hole = cover[++index]);
    for (let next = index, hole = cover[next]; hole !== undefined && hole.from < to; hole = cover[++next]) {
      if (at < hole.from) push(out, { from: at, to: hole.from, value })
      at = Math.max(at, hole.to)
    }
    if (at < to) push(out, { from: at, to, value })
  }
  return out
}

/** What of the map lies inside the cover. */
export function inside<Value>(runs: Runs<Value>, cover: Runs<unknown>): Runs<Value> {
  const out: Run<Value>[] = []
  let index = 0
  for (const { from, to, value } of runs) {
    for (let part = cover[index]; part !== undefined && part.to <= from; part = cover[++index]);
    for (let next = index, part = cover[next]; part !== undefined && part.from < to; part = cover[++next]) {
      push(out, { from: Math.max(from, part.from), to: Math.min(to, part.to), value })
    }
  }
  return out
}

/** What of the map lies in [from, to). */
export function clip<Value>(runs: Runs<Value>, from: number, to: number): Runs<Value> {
  const [first, last] = [runs[0], runs.at(-1)]
  if (first === undefined || last === undefined || (from <= first.from && last.to <= to)) return runs
  return inside(runs, run(from, to, true))
}

/** The map on [from, to), with `value` where it has none. */
export function filled<Value>(runs: Runs<Value>, from: number, to: number, value: Value): Runs<Value> {
  return overlay(run(from, to, value), clip(runs, from, to))
}

/** The stretches whose values pass. */
export function where<Value>(runs: Runs<Value>, passes: (value: Value) => boolean): Runs<true> {
  return cover(runs.filter(({ value }) => passes(value)))
}

/** What the map covers, whatever the values. */
export function cover(runs: Runs<unknown>): Runs<true> {
  const out: Run<true>[] = []
  for (const { from, to } of runs) push(out, { from, to, value: true })
  return out
}

/** The grains that the map touches, by their number: bytes to chunks. */
export function touched(runs: Runs<unknown>, grain: number): Runs<true> {
  const out: Run<true>[] = []
  for (const { from, to } of runs) {
    const last = out.at(-1)
    const first = Math.max(Math.floor(from / grain), last?.to ?? 0)
    push(out, { from: first, to: Math.ceil(to / grain), value: true })
  }
  return out
}

/** The grains that the map covers wholly, by their number. */
export function contained(runs: Runs<unknown>, grain: number): Runs<true> {
  const out: Run<true>[] = []
  for (const { from, to } of cover(runs)) push(out, { from: Math.ceil(from / grain), to: Math.floor(to / grain), value: true })
  return out
}

/** Grains back to what they stand for: chunks to bytes. */
export function scaled<Value>(runs: Runs<Value>, grain: number): Runs<Value> {
  return runs.map(({ from, to, value }) => ({ from: from * grain, to: to * grain, value }))
}

export function shifted<Value>(runs: Runs<Value>, by: number): Runs<Value> {
  return runs.map(({ from, to, value }) => ({ from: from + by, to: to + by, value }))
}

/** How much the map covers. */
export function lengthOf(runs: Runs<unknown>): number {
  let length = 0
  for (const { from, to } of runs) length += to - from
  return length
}

export function same<Value>(one: Runs<Value>, other: Runs<Value>): boolean {
  return (
    one.length === other.length &&
    one.every(({ from, to, value }, index) => {
      const there = other[index]
      return there !== undefined && there.from === from && there.to === to && there.value === value
    })
  )
}

function push<Value>(out: Run<Value>[], next: Run<Value>): void {
  if (next.from >= next.to) return
  const last = out.at(-1)
  if (last !== undefined && last.to === next.from && last.value === next.value)
    out[out.length - 1] = { from: last.from, to: next.to, value: last.value }
  else out.push(next)
}

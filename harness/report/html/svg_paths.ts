import { KINDS, type Kind, type Slice } from '../select/downsample.ts'

/** The share of a picture's height that a kind gets at least where there is any of it: one wrong byte among millions is seen. */
const LEAST_SHARE: Readonly<Partial<Record<Kind, number>>> = { stale: 0.4, noise: 0.4, data: 0.3, copied: 0.3, mapped: 0.3 }

/** One SVG path a kind: each slice is a column, one unit wide, stacked of its kinds' shares; columns alike are drawn as one. */
export function pathsOf(slices: readonly Slice[], height: number): Partial<Record<Kind, string>> {
  const paths: Partial<Record<Kind, string>> = {}
  let start = 0
  while (start < slices.length) {
    const stack = stackOf(slices[start] ?? {}, height)
    let end = start + 1
    while (end < slices.length && sameStack(stack, stackOf(slices[end] ?? {}, height))) end++
    for (const { kind, top, bottom } of stack) paths[kind] = `${paths[kind] ?? ''}M${start} ${top}H${end}V${bottom}H${start}z`
    start = end
  }
  return paths
}

interface Part {
  readonly kind: Kind
  readonly top: number
  readonly bottom: number
}

function stackOf(slice: Slice, height: number): Part[] {
  const present = KINDS.filter((kind) => (slice[kind] ?? 0) > 0)
  const total = present.reduce((sum, kind) => sum + (slice[kind] ?? 0), 0)
  const wanted = present.map((kind) => Math.max((slice[kind] ?? 0) / total, LEAST_SHARE[kind] ?? 0))
  const all = wanted.reduce((sum, share) => sum + share, 0)
  let bottom = height
  return present.map((kind, index) => {
    const top = index === present.length - 1 ? 0 : Math.round((bottom - ((wanted[index] ?? 0) / all) * height) * 10) / 10
    const part = { kind, top, bottom }
    bottom = top
    return part
  })
}

function sameStack(one: readonly Part[], other: readonly Part[]): boolean {
  return one.length === other.length && one.every(({ kind, top }, index) => other[index]?.kind === kind && other[index]?.top === top)
}

/** The kinds of stretches in a picture of a volume. `unmapped` reads as zero too, and has no storage. */
export const KINDS = ['data', 'zero', 'stale', 'noise', 'unmapped', 'mapped', 'copied', 'skipped'] as const
export type Kind = (typeof KINDS)[number]

/** A sorted stretch [from, to) of bytes. */
export interface Stretch {
  readonly from: number
  readonly to: number
  readonly value: Kind
}

/** One line of a block map: sorted, disjoint stretches, and what lies between them. Offsets in bytes. */
export interface MapRow {
  readonly name: string
  readonly stretches: readonly Stretch[]
  readonly rest: Kind
}

/** How many bytes of each kind a slice holds; absent kinds have none. */
export type Slice = Readonly<Partial<Record<Kind, number>>>

/** Cuts [from, to) of a row into `count` slices of equal length. Costs what the range has in stretches, not what the row has. */
export function slicesOf({ stretches, rest }: Pick<MapRow, 'stretches' | 'rest'>, from: number, to: number, count: number): Slice[] {
  const length = (to - from) / count
  let index = firstEndingAfter(stretches, from)
  return Array.from({ length: count }, (_, number) => {
    const [start, end] = [from + number * length, number === count - 1 ? to : from + (number + 1) * length]
    const slice: Partial<Record<Kind, number>> = {}
    let covered = 0
    for (let next = stretches[index]; next !== undefined && next.from < end; next = stretches[index]) {
      const bytes = Math.min(next.to, end) - Math.max(next.from, start)
      if (bytes > 0) {
        slice[next.value] = (slice[next.value] ?? 0) + bytes
        covered += bytes
      }
      if (next.to > end) break
      index++
    }
    if (end - start - covered > 1e-6) slice[rest] = (slice[rest] ?? 0) + end - start - covered
    return slice
  })
}

/** The kind of the byte at an offset. */
export function kindAt({ stretches, rest }: Pick<MapRow, 'stretches' | 'rest'>, offset: number): Kind {
  const found = stretches[firstEndingAfter(stretches, offset)]
  return found !== undefined && found.from <= offset ? found.value : rest
}

/** How many bytes of each kind a row holds in all. */
export function totalsOf(row: Pick<MapRow, 'stretches' | 'rest'>, sizeBytes: number): Slice {
  return slicesOf(row, 0, sizeBytes, 1)[0] ?? {}
}

/** The kind that a slice is shown as: a wrong byte is never hidden among right ones, nor data among holes. */
export function foremost(slice: Slice): Kind {
  const order: readonly Kind[] = ['stale', 'noise', 'data', 'copied', 'mapped', 'zero', 'skipped', 'unmapped']
  return order.find((kind) => (slice[kind] ?? 0) > 0) ?? 'unmapped'
}

/** Splits the zeros of a thin destination into those with storage and those without. */
export function withUnmapped(content: readonly Stretch[], mapped: readonly { from: number; to: number }[]): Stretch[] {
  const out: Stretch[] = []
  let index = 0
  for (const stretch of content) {
    if (stretch.value !== 'zero') {
      out.push(stretch)
      continue
    }
    let at = stretch.from
    for (let hole = mapped[index]; hole !== undefined && hole.to <= at; hole = mapped[++index]);
    for (let next = index, some = mapped[next]; some !== undefined && some.from < stretch.to; some = mapped[++next]) {
      if (at < some.from) out.push({ from: at, to: some.from, value: 'unmapped' })
      const end = Math.min(some.to, stretch.to)
      out.push({ from: Math.max(at, some.from), to: end, value: 'zero' })
      at = end
    }
    if (at < stretch.to) out.push({ from: at, to: stretch.to, value: 'unmapped' })
  }
  return out
}

/** The index of the first stretch that ends after an offset. */
function firstEndingAfter(stretches: readonly Stretch[], offset: number): number {
  let [low, high] = [0, stretches.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((stretches[middle]?.to ?? 0) > offset) high = middle
    else low = middle + 1
  }
  return low
}

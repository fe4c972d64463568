import { UsageError } from '../errors.ts'

/** Something to run, and what it costs next to others; more than 0. */
export interface Priced {
  readonly id: string
  readonly cost: number
}

/**
 * The ids that one of several shards runs, the same on every machine: the dearest first, each goes to the shard that has the least
 * so far. Throws UsageError when there is less to run than shards.
 */
export function shareOut(items: readonly Priced[], { number, of }: { readonly number: number; readonly of: number }): Set<string> {
  if (items.length < of)
    throw new UsageError(`--shard: ${items.length} to run and ${of} shards: one would have nothing; ask for ${items.length} at most`)
  const shards = Array.from({ length: of }, () => ({ ids: new Set<string>(), cost: 0 }))
  for (const { id, cost } of items.toSorted((one, other) => other.cost - one.cost)) {
    const lightest = shards.reduce((least, shard) => (shard.cost < least.cost ? shard : least))
    lightest.ids.add(id)
    lightest.cost += cost
  }
  return shards[number - 1]?.ids ?? new Set()
}

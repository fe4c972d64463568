import type { MatrixDriver } from '../drivers/backend.ts'
import { UsageError } from '../errors.ts'
import type { NamedCopy } from '../explore/run_copies.ts'
import { MiB } from '../units.ts'
import type { Cell } from './cell.ts'

/** Something to run, and what it costs next to others; more than 0. */
export interface Weighted {
  readonly id: string
  readonly cost: number
}

/**
 * The ids that one of several shards runs, the same on every machine: the dearest first, each goes to the shard that has the least
 * so far. `what` is one item, for messages. Throws UsageError when there is less to run than shards.
 */
export function assignToShard(
  items: readonly Weighted[],
  { number, of }: { readonly number: number; readonly of: number },
  what = 'cell',
): Set<string> {
  if (items.length < of)
    throw new UsageError(`--shard: only ${counted(items.length, what)} to run: use at most ${counted(items.length, 'shard')}`)
  const shards = Array.from({ length: of }, () => ({ ids: new Set<string>(), cost: 0 }))
  for (const { id, cost } of items.toSorted((one, other) => other.cost - one.cost)) {
    const lightest = shards.reduce((least, shard) => (shard.cost < least.cost ? shard : least))
    lightest.ids.add(id)
    lightest.cost += cost
  }
  return shards[number - 1]?.ids ?? new Set()
}

function counted(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`
}

// In seconds on a UML guest that has a core to itself. Only how they compare matters, and that all machines know the same.
const BACKEND: Record<MatrixDriver, number> = { 'lvm-thin': 1.2, 'lvm-thick': 1, nfs: 0.7, 'nfs-prealloc': 0.7 }
const MIB_MOVED = 0.0027
const COPY = 2.5
const ENCRYPTION = 1

/** The cost of a cell: to set its backends up, and for every byte that is poisoned, copied or verified. */
export function estimateCellCost({
  id,
  source,
  destination,
  sizeBytes,
  backendBytes,
  poisonBytes,
  neighbourBytes,
  expect,
}: Cell): Weighted {
  const poisoned = Math.min(backendBytes, poisonBytes.source) + Math.min(backendBytes, poisonBytes.destination)
  const copied = (expect.mode === 'full' ? 2 : 1) * sizeBytes
  const bytes = poisoned + 2 * neighbourBytes + copied + sizeBytes
  return { id, cost: BACKEND[source] + BACKEND[destination] + (bytes / MiB) * MIB_MOVED }
}

/** The cost of a copy. */
export function estimateCopyCost({ id, copyCase: { destination } }: NamedCopy): Weighted {
  return { id, cost: COPY + (destination.cryptHeaderBytes === undefined ? 0 : ENCRYPTION) }
}

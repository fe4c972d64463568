import type { MatrixDriver } from '../drivers/backend.ts'
import type { NamedWorld } from '../explore/run_copies.ts'
import { MiB } from '../units.ts'
import type { Cell } from './cell.ts'
import type { Priced } from './shard.ts'

// In seconds on a UML guest that has a core to itself. Only how they compare matters, and that all machines know the same.
const BACKEND: Record<MatrixDriver, number> = { 'lvm-thin': 1.2, 'lvm-thick': 1, nfs: 0.7, 'nfs-prealloc': 0.7 }
const MIB_MOVED = 0.0027
const WORLD = 2.5
const ENCRYPTION = 1

/** What a cell costs: to set its backends up, and for every byte that is poisoned, copied or verified. */
export function priceOfCell({ id, source, destination, sizeBytes, backendBytes, poisonBytes, neighbourBytes, expect }: Cell): Priced {
  const poisoned = Math.min(backendBytes, poisonBytes.source) + Math.min(backendBytes, poisonBytes.destination)
  const copied = (expect.mode === 'full' ? 2 : 1) * sizeBytes
  const bytes = poisoned + 2 * neighbourBytes + copied + sizeBytes
  return { id, cost: BACKEND[source] + BACKEND[destination] + (bytes / MiB) * MIB_MOVED }
}

/** What a world costs. */
export function priceOfWorld({ id, world: { destination } }: NamedWorld): Priced {
  return { id, cost: WORLD + (destination.cryptHeaderBytes === undefined ? 0 : ENCRYPTION) }
}

import { readInventory, type VolumeRow } from '../block/lvm_inventory.ts'
import { dmName } from '../block/status.ts'
import { readThinMaps, type ThinMap } from '../block/thin_map.ts'
import { UsageError } from '../errors.ts'
import { CommandFailed } from '../machine/command_failed.ts'
import type { Machine } from '../machine/machine.ts'
import { decideCopyMode } from '../migration/rule.ts'
import type { Forecast } from '../result/forecast.ts'
import type { Fleet } from './fleet.ts'
import type { FleetFile } from './fleet_file.ts'
import { forecast, type Permission } from './forecast.ts'
import { fleetFromLvm, isPool, poolName } from './from_lvm.ts'

/** Asks the rule about a new volume of a pool whose driver answers `claims`; undefined is an answer without a claim. */
export function permit(claims: unknown): Permission {
  const report = claims === undefined ? {} : { sparse_copy_volume: claims }
  const { mode, reason } = decideCopyMode({ kind: 'answered', report }, { history: 'new', layers: [] })
  return { sparse: mode === 'sparse', reason }
}

export function forecastOf(fleet: Fleet, version: string): Forecast {
  return { schema: 'holeproof-forecast-1', version, ...forecast(fleet, permit) }
}

/** Reads a fleet file's pools and volumes from a machine's LVM, with exact maps if `maps` is set. Throws UsageError. */
export async function readLvm(
  runner: Pick<Machine, 'run'>,
  groups: readonly string[],
  { maps, signal }: { readonly maps: boolean; readonly signal: AbortSignal },
): Promise<Pick<FleetFile, 'pools' | 'volumes'>> {
  const inventory = await readInventory(runner, groups).catch(async (error: unknown) => {
    if (!(error instanceof CommandFailed)) throw error
    throw (await unknownGroups(runner, groups, error)) ?? error
  })
  if (inventory.groups.length === 0)
    throw new UsageError('--from-lvm: LVM shows no volume group on this machine. Run as root to see all of them.')
  const known = new Map<string, ReadonlyMap<number, ThinMap>>()
  for (const pool of maps ? inventory.volumes.filter(isPool) : []) {
    const members = inventory.volumes.filter(({ vg_name, pool_lv }) => vg_name === pool.vg_name && pool_lv === pool.lv_name)
    known.set(poolName(pool), await readMaps(runner, pool, members, signal))
  }
  return fleetFromLvm(inventory, known)
}

/** The error to show if the failure is that some of `groups` do not exist; else undefined. */
async function unknownGroups(
  runner: Pick<Machine, 'run'>,
  groups: readonly string[],
  cause: CommandFailed,
): Promise<UsageError | undefined> {
  if (groups.length === 0) return undefined
  const { stdout } = await runner.run(['vgs', '--noheadings', '-o', 'vg_name'])
  const there = stdout.toString().split(/\s+/).filter(Boolean)
  const unknown = groups.filter((group) => !there.includes(group))
  if (unknown.length === 0) return undefined
  const what =
    unknown.length === 1
      ? `there is no volume group ${unknown[0]} on this machine`
      : `these volume groups do not exist: ${unknown.join(', ')}`
  const known = there.length === 0 ? 'LVM shows no volume group at all. Run as root to see all of them' : `LVM shows ${there.join(', ')}`
  return new UsageError(`--from-lvm: ${what}. ${known}.`, { cause })
}

/** LVM creates the pool's device, which gives the maps, only with the first active volume of the pool. */
async function readMaps(
  runner: Pick<Machine, 'run'>,
  pool: VolumeRow,
  members: readonly VolumeRow[],
  signal: AbortSignal,
): Promise<ReadonlyMap<number, ThinMap>> {
  if (members.length === 0) return new Map()
  if (members.every(({ lv_active }) => lv_active === ''))
    throw new UsageError(`--maps: no volume of ${poolName(pool)} is active: activate one (lvchange -ay -K)`)
  return readThinMaps(runner, dmName(pool.vg_name, pool.lv_name), { signal })
}

/**
 * Merges a plan with pools and volumes read from LVM. A pool of the plan adds to the one read what only its operator knows. Entries of
 * the plan come first, so that a fault is reported at its place in the plan.
 */
export function withPlan(read: Pick<FleetFile, 'pools' | 'volumes'>, plan: unknown): unknown {
  if (!isRecord(plan)) return plan
  const { pools = [], volumes = [], ...rest } = plan
  if (!Array.isArray(pools) || !Array.isArray(volumes)) return plan
  const readPools = new Map(read.pools.map((pool) => [pool.name, pool]))
  const planned = pools.map((pool: unknown) => {
    if (!isRecord(pool) || typeof pool.name !== 'string') return pool
    const there = readPools.get(pool.name)
    readPools.delete(pool.name)
    return { ...there, ...pool }
  })
  return { ...rest, pools: [...planned, ...readPools.values()], volumes: [...volumes, ...read.volumes] }
}

/** Gives a plan the reserve that was asked for, in place of its own default. Pools that give a reserve keep theirs. */
export function withReserve(plan: unknown, reserve: string | undefined): unknown {
  return reserve === undefined || !isRecord(plan) ? plan : { ...plan, reserve }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

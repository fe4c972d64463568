import type { CellResult } from './cell.ts'
import type { CopyResult } from './copy.ts'
import type { Result, Shard } from './result.ts'
import { firstDisagreements, notShownDriver, resultOf } from './verdicts.ts'

/** The result of a shard, and the name of its file. */
export interface Part {
  readonly name: string
  readonly result: Result
}

/** Makes the result of a cell or a copy of a missing shard; undefined if this version of holeproof does not know the id. */
export interface StandIns {
  readonly cell: (id: string, reason: string) => CellResult | undefined
  readonly copy: (id: string, reason: string) => CopyResult | undefined
}

/** The result of the whole run, or all reasons why the parts cannot be merged. `incomplete`: stand-ins would fill the gaps. */
export type Merged =
  | { readonly kind: 'merged'; readonly result: Result }
  | { readonly kind: 'do-not-fit' | 'incomplete'; readonly why: readonly string[] }

type ShardOf = Part & { readonly shard: Shard }

const COPY = 'copy/'

/**
 * Merges the results of a run's shards into the result that the run would have given without shards, except for times and machine
 * names. A machine's name begins with the shard's number, and the seconds are the sum over all shards. With stand-ins, a missing
 * result is not-shown; without them it is a reason not to merge.
 */
export function mergeResults(parts: readonly Part[], standIns?: StandIns): Merged {
  const shards = parts.flatMap((part): ShardOf[] => (part.result.shard === undefined ? [] : [{ ...part, shard: part.result.shard }]))
  const whole = parts.filter(({ result }) => result.shard === undefined)
  const [first] = shards
  const why = whole.map(({ name }) => `${name} is not the result of a shard: its run had no --shard`)
  if (first === undefined) return { kind: 'do-not-fit', why: why.length > 0 ? why : ['there is nothing to merge'] }
  why.push(...shards.slice(1).flatMap((part) => differences(first, part)), ...twice(shards))
  if (why.length > 0) return { kind: 'do-not-fit', why }

  const missingShards = numbers(first.shard.of).filter((number) => !shards.some(({ shard }) => shard.number === number))
  const ordered = shards.toSorted((one, other) => one.shard.number - other.shard.number).map(withMachinesNamed)
  const found = {
    cells: byId(ordered.flatMap(({ cells }) => cells)),
    copies: byId(ordered.flatMap(({ copies }) => copies)),
    certificates: new Map(ordered.flatMap(({ certificates }) => certificates.map((some) => [some.driver, some] as const))),
  }
  const { cells, copies, drivers } = first.shard.whole
  const missing = [
    ...cells.filter((id) => !found.cells.has(id)),
    ...copies.filter((id) => !found.copies.has(id)),
    ...drivers.map(({ driver }) => driver).filter((driver) => !found.certificates.has(driver)),
  ]
  const reason = missingShards.length > 0 ? sayMissing(missingShards, first.shard.of) : 'no shard ran it'
  if (standIns === undefined && missing.length > 0)
    return { kind: 'incomplete', why: [missingShards.length > 0 ? reason : `${missing.join(', ')}: in none of the results`] }

  const unknown: string[] = []
  const known = <Entry>(id: string, entry: Entry | undefined): Entry[] => {
    if (entry === undefined) unknown.push(id)
    return entry === undefined ? [] : [entry]
  }
  const allCells = cells.flatMap((id) => known(id, found.cells.get(id) ?? standIns?.cell(id, reason)))
  const allCopies = copies.flatMap((id) => known(id, found.copies.get(id) ?? standIns?.copy(id, reason)))
  if (unknown.length > 0) return { kind: 'do-not-fit', why: [`${unknown.join(', ')}: missing, and not known to this version of holeproof`] }
  const copiesOfCells = firstDisagreements(allCells).flatMap(({ id }) => found.copies.get(`${COPY}${id}`) ?? [])
  return {
    kind: 'merged',
    result: resultOf({
      version: first.result.version,
      seed: first.result.seed,
      startedAt: ordered.map(({ startedAt }) => startedAt).reduce((one, other) => (other < one ? other : one)),
      seconds: ordered.reduce((sum, { seconds }) => sum + seconds, 0),
      brokenRule: first.result.brokenRule,
      merged: { shards: first.shard.of, missingShards, missing },
      ...(ordered.some(({ stopped }) => stopped) && { stopped: true }),
      machines: ordered.flatMap(({ machines }) => machines),
      cells: allCells,
      copies: [...allCopies, ...copiesOfCells],
      certificates: drivers.map(
        ({ driver, kind }) => found.certificates.get(driver) ?? notShownDriver(driver, kind, reason, first.shard.asked),
      ),
      leaks: ordered.flatMap(({ leaks }) => leaks),
    }),
  }
}

/** Lists the properties in which a part differs from another, although parts of one run share them. */
function differences(one: ShardOf, other: ShardOf): string[] {
  const compared: [string, string | number | undefined, string | number | undefined][] = [
    ['version', one.result.version, other.result.version],
    ['seed', one.result.seed, other.result.seed],
    ['number of shards', one.shard.of, other.shard.of],
    ['command', one.shard.asked, other.shard.asked],
    ['broken rule', one.result.brokenRule, other.result.brokenRule],
  ]
  const found = compared
    .filter(([, mine, theirs]) => mine !== theirs)
    .map(([what, mine, theirs]) => `another ${what}: ${one.name} has ${mine ?? 'none'}, ${other.name} has ${theirs ?? 'none'}`)
  // If one of these differs, the lists of what to run differ for the same reason.
  return found.length > 0 || JSON.stringify(one.shard.whole) === JSON.stringify(other.shard.whole)
    ? found
    : [`${one.name} and ${other.name} are parts of runs of different cells, copies or drivers`]
}

/** Lists the shards, or the cells, copies and drivers, that are present more than once. */
function twice(shards: readonly ShardOf[]): string[] {
  const held = (name: (part: ShardOf) => readonly string[]) => {
    const holders = new Map<string, string[]>()
    for (const part of shards) for (const what of name(part)) holders.set(what, [...(holders.get(what) ?? []), part.name])
    return [...holders].filter(([, names]) => names.length > 1)
  }
  const again = held(({ shard }) => [`shard ${shard.number} of ${shard.of}`])
  if (again.length > 0) return again.map(([what, names]) => `${what} is present ${names.length} times: ${names.join(', ')}`)
  const same = held(({ result: { cells, copies, certificates } }) => [
    ...[...cells, ...copies].map(({ id }) => id).filter((id) => !id.startsWith(COPY)),
    ...certificates.map(({ driver }) => driver),
  ])
  return same.map(([what, names]) => `${what} is in more than one shard: ${names.join(', ')}`)
}

/** Machines of different shards may have the same name. */
function withMachinesNamed({ result, shard }: ShardOf): Result {
  const named = (machine: string) => (machine === '' ? '' : `${shard.number}/${machine}`)
  const allNamed = (machines: string) => machines.split(', ').map(named).join(', ')
  const renamed = <Entry extends { machine: string }>(entry: Entry): Entry => ({ ...entry, machine: allNamed(entry.machine) })
  return {
    ...result,
    machines: result.machines.map((machine) => ({ ...machine, name: named(machine.name) })),
    cells: result.cells.map(renamed),
    copies: result.copies.map(renamed),
    certificates: result.certificates.map(renamed),
  }
}

function sayMissing(missing: readonly number[], of: number): string {
  const last = missing.at(-1)
  const list = missing.length > 1 ? `${missing.slice(0, -1).join(', ')} and ${last}` : `${last}`
  return `${missing.length > 1 ? 'shards' : 'shard'} ${list} of ${of} ${missing.length > 1 ? 'are' : 'is'} missing`
}

function byId<Entry extends { id: string }>(entries: readonly Entry[]): Map<string, Entry> {
  return new Map(entries.map((entry) => [entry.id, entry]))
}

function numbers(of: number): number[] {
  return Array.from({ length: of }, (_, index) => index + 1)
}

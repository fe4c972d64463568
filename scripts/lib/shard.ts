import { Option } from 'commander'
import { UsageError } from '../../harness/errors.ts'
import { commandLine } from '../../harness/paths.ts'

/** One of several parts of a run, counted from 1. */
export interface ShardNumber {
  readonly number: number
  readonly of: number
}

/** `--shard`, which takes `2/5`. */
export function shardOption(what: string): Option {
  return new Option(
    '--shard <number/of>',
    `run one of several shares of the ${what}, as 2/5; ${commandLine('merge')} makes one result of them`,
  ).argParser(parseShard)
}

/** Reads `2/5`. Throws UsageError when it is no such thing. */
export function parseShard(text: string): ShardNumber {
  const [, number, of] = /^(\d{1,4})\/(\d{1,4})$/.exec(text)?.map(Number) ?? []
  if (number === undefined || of === undefined) throw new UsageError(`--shard: '${text}' is not a number and how many there are, as 2/5`)
  if (number < 1 || number > of) throw new UsageError(`--shard: there is no ${number} of ${of}; they are 1 to ${of}`)
  return { number, of }
}

/** The seed that all shards share, which must be given: each would take another. Throws UsageError when it is not. */
export function seedOfShards(seed: number | undefined): number {
  if (seed === undefined) throw new UsageError('--shard needs --seed, the same for all shards: their results are merged into one')
  return seed
}

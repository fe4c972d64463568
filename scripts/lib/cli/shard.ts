import { Option } from '@commander-js/extra-typings'
import { UsageError } from '../../../harness/errors.ts'
import { commandLine } from '../../../harness/paths.ts'

/** One of several parts of a run, counted from 1. */
export interface ShardNumber {
  readonly number: number
  readonly of: number
}

/** `--shard`, which takes `2/5`. */
export function shardOption(what: string) {
  return new Option(
    '--shard <number/of>',
    `run one shard of the ${what}, such as 2/5; ${commandLine('merge')} joins the results`,
  ).argParser(parseShard)
}

/** Reads `2/5`. Throws UsageError if the text is anything else. */
export function parseShard(text: string): ShardNumber {
  const [, number, of] = /^(\d{1,4})\/(\d{1,4})$/.exec(text)?.map(Number) ?? []
  if (number === undefined || of === undefined) throw new UsageError(`--shard must look like 2/5, not '${text}'`)
  if (of < 1) throw new UsageError('--shard: there must be at least 1 shard')
  if (number < 1 || number > of) throw new UsageError(`--shard: ${number} is not between 1 and ${of}`)
  return { number, of }
}

/** Returns the seed that all shards share. Throws UsageError if none was given, because each shard would take another. */
export function seedOfShards(seed: number | undefined): number {
  if (seed === undefined) throw new UsageError('--shard needs --seed, and the same one for every shard')
  return seed
}

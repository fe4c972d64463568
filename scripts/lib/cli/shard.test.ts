import { describe, expect, test } from 'vitest'
import { UsageError } from '../../../harness/errors.ts'
import { parseShard, seedOfShards } from './shard.ts'

describe('a shard', () => {
  test.each([
    ['1/1', { number: 1, of: 1 }],
    ['2/5', { number: 2, of: 5 }],
    ['05/10', { number: 5, of: 10 }],
  ])('is read from %s', (text, shard) => {
    expect(parseShard(text)).toEqual(shard)
  })

  test.each(['', '2', '2/', '/5', '2/5/1', '-1/5', '1.5/5', ' 2/5', '2 of 5', 'a/b', '1/12345'])('is not "%s"', (text) => {
    expect(() => parseShard(text)).toThrow(new UsageError(`--shard must look like 2/5, not '${text}'`))
  })

  test.each(['0/5', '6/5', '0/0', '1/0'])('that does not exist is refused: %s', (text) => {
    expect(() => parseShard(text)).toThrow(/^--shard: (\d is not between 1 and 5|there must be at least 1 shard)$/)
  })

  test('needs the seed of the others', () => {
    expect(seedOfShards(0)).toBe(0)
    expect(() => seedOfShards(undefined)).toThrow(UsageError)
  })
})

import { describe, expect, test } from 'vitest'
import { UsageError } from '../../harness/errors.ts'
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
    expect(() => parseShard(text)).toThrow(new UsageError(`--shard: '${text}' is not a number and how many there are, as 2/5`))
  })

  test.each(['0/5', '6/5', '0/0', '1/0'])('that there is not is refused: %s', (text) => {
    expect(() => parseShard(text)).toThrow(/^--shard: there is no \d+ of \d+; they are 1 to \d+$/)
  })

  test('needs the seed that the others have', () => {
    expect(seedOfShards(0)).toBe(0)
    expect(() => seedOfShards(undefined)).toThrow(UsageError)
  })
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { UsageError } from '../errors.ts'
import { traps } from '../explore/traps.ts'
import { allCells } from './cell.ts'
import { assignToShard, estimateCellCost, estimateCopyCost, type Weighted } from './shard.ts'

/** Items of all prices, and a number of shards that they suffice for. */
const runs = fc.uniqueArray(fc.string(), { minLength: 1, maxLength: 40 }).chain((ids) =>
  fc.record({
    items: fc.tuple(...ids.map((id) => fc.integer({ min: 1, max: 1000 }).map((cost): Weighted => ({ id, cost })))),
    of: fc.integer({ min: 1, max: ids.length }),
  }),
)

const allShards = (items: readonly Weighted[], of: number) =>
  Array.from({ length: of }, (_, index) => assignToShard(items, { number: index + 1, of }))
const costs = (items: readonly Weighted[], shards: readonly ReadonlySet<string>[]) =>
  shards.map((ids) => items.filter(({ id }) => ids.has(id)).reduce((sum, { cost }) => sum + cost, 0))

describe('what is shared out', () => {
  test('is in one shard and no other, whatever it is and costs', () => {
    fc.assert(
      fc.property(runs, ({ items, of }) => {
        const ids = allShards(items, of).flatMap((shard) => [...shard])
        expect(ids.toSorted()).toEqual(items.map(({ id }) => id).toSorted())
      }),
    )
  })

  test('leaves no shard empty', () => {
    fc.assert(fc.property(runs, ({ items, of }) => allShards(items, of).every((shard) => shard.size > 0)))
  })

  test('is shared out the same each time, and by cost alone', () => {
    fc.assert(
      fc.property(runs, fc.integer({ min: 2, max: 9 }), ({ items, of }, factor) => {
        const dearer = items.map(({ id, cost }) => ({ id, cost: cost * factor }))
        expect(allShards(dearer, of)).toEqual(allShards(items, of))
      }),
    )
  })

  test('makes no shard dearer than another by more than one of its items', () => {
    fc.assert(
      fc.property(runs, ({ items, of }) => {
        const shards = allShards(items, of)
        const each = costs(items, shards)
        const dearest = Math.max(...items.map(({ cost }) => cost))
        expect(Math.max(...each) - Math.min(...each)).toBeLessThanOrEqual(dearest)
      }),
    )
  })

  test('is refused when there is less of it than shards', () => {
    expect(() => assignToShard([{ id: 'host/nfs', cost: 1 }], { number: 1, of: 2 })).toThrow(
      new UsageError('--shard: only 1 cell to run: use at most 1 shard'),
    )
  })
})

describe('the whole matrix', () => {
  const items = [...allCells.map(estimateCellCost), ...traps.map(estimateCopyCost)]

  test.each([2, 3, 4, 5, 8])('costs about the same in each of %i shards', (of) => {
    const each = costs(items, allShards(items, of))

    expect(Math.max(...each) / Math.min(...each)).toBeLessThan(1.1)
  })

  test('has its long cells in different shards', () => {
    expect(allShards(items, 2).map((ids) => ['table/full', 'table/sparse'].filter((id) => ids.has(id)))).toEqual([
      ['table/full'],
      ['table/sparse'],
    ])
  })

  test('is shared out as in every other checkout of this version', () => {
    expect([...assignToShard(items, { number: 5, of: 5 })].toSorted()).toMatchInlineSnapshot(`
      [
        "answer/silence/lvm-thin/lvm-thick",
        "control/host/lvm-thin/lvm-thin/full-forced",
        "driver/lvm-thin/lvm-thin/mixed",
        "driver/nfs-prealloc/lvm-thin/mixed",
        "driver/nfs-prealloc/nfs-prealloc/mixed",
        "host/lvm-thin/lvm-thick/edge-bytes",
        "host/lvm-thin/lvm-thin/all-zero",
        "host/lvm-thin/lvm-thin/scattered-64k",
        "host/nfs-prealloc/nfs/mixed",
        "host/nfs/lvm-thick/mixed",
        "host/nfs/lvm-thin/mixed",
        "live/lvm-thick/lvm-thick/mixed",
        "live/lvm-thick/lvm-thin/mixed",
        "live/lvm-thick/nfs/mixed",
        "live/lvm-thin/lvm-thick/none",
        "live/lvm-thin/lvm-thin/sequential",
        "live/nfs-prealloc/lvm-thick/mixed",
        "orphan/driver/lvm-thin/lvm-thin",
        "orphan/host/lvm-thin/lvm-thin",
        "rest/html-page/lvm-thin/lvm-thick",
        "rest/late-true/lvm-thin/lvm-thick",
        "rest/property-only/lvm-thin/lvm-thick",
        "trap/file-used/sparse-kept",
        "trap/thick/zero-out-then-sparse",
        "trap/thin-ignoring-discards/full-then-discard",
        "trap/thin-large-chunk/sparse",
        "trap/thin-used/sparse",
      ]
    `)
  })
})

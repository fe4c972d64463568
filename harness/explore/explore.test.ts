import { expect, test } from 'vitest'
import { randomCopies } from './explore.ts'

/** The first copies of a seed without their numbers: enough for three batches. */
function copiesOf(seed: number): string[] {
  const copies: string[] = []
  for (const { copyCase } of randomCopies(seed)) if (copies.push(JSON.stringify(copyCase)) === 300) break
  return copies
}

test('a seed gives the same copies each time', () => {
  expect(copiesOf(7)).toEqual(copiesOf(7))
})

test('consecutive seeds share no batch', () => {
  const known = new Set(copiesOf(7))

  // A few of the smallest copies may come up twice; a batch is 100.
  for (const seed of [6, 8, 9]) expect(copiesOf(seed).filter((copy) => known.has(copy)).length).toBeLessThan(5)
})

test('a batch does not repeat another of its seed', () => {
  expect(new Set(copiesOf(7)).size).toBeGreaterThan(295)
})

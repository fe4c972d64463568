import { expect, test } from 'vitest'
import { fromVersion1 } from './read_version_1.ts'

test('a result of version 1 is read by the names of version 2', () => {
  const report = { survey: 'what a driver answered is left alone', worlds: 1 }
  const cell = { id: 'a', misanswer: 'error', evidence: { answer: { report }, verification: { survey: [] } } }
  const copy = { id: 'b', world: { sizeBytes: 1 }, oldBytesBehind: 2, smallest: { world: {} } }
  const whole = { cells: ['a'], worlds: ['b'] }

  expect(fromVersion1({ schema: 'holeproof-result-1', shard: { whole }, cells: [cell], worlds: [copy] })).toEqual({
    schema: 'holeproof-result-2',
    shard: { whole: { cells: ['a'], copies: ['b'] } },
    cells: [{ id: 'a', faultyAnswer: 'error', evidence: { answer: { report }, verification: { byteClasses: [] } } }],
    copies: [{ id: 'b', copyCase: { sizeBytes: 1 }, staleBytesPastEnd: 2, smallest: { copyCase: {} } }],
  })
})

test.each([[{ cells: 1, worlds: null }], [{}], [{ cells: [null, 'x'] }]])('%j keeps its faults, for the schema to report', (json) => {
  expect(() => fromVersion1(json)).not.toThrow()
})

import { describe, expect, test } from 'vitest'
import { proofSchema } from '../result/proof.ts'
import { mutantNames } from './mutants.ts'
import { type Findings, failuresOf, prove } from './prove.ts'

const proof = prove({ bound: 2, version: '0' })
const firstOf = (cause: string) => proof.original.causes.find((some) => some.cause.includes(cause))?.count.smallest

describe('in every small case', () => {
  test('the rule ends with no wrong byte, and copies nothing in full that was promised to read zero', () => {
    expect(proof.failures).toEqual([])
    expect(proof.verdict).toBe('upheld')
    expect(proof.rule).toMatchObject({ corrupt: { cases: 0 }, needless: { cases: 0 } })
    expect(proof.rule.cases).toBeGreaterThan(1_000_000)
    expect(proof.sources.odd).toBe(0)
  })

  test("a larger destination keeps another's bytes past the end, though the rule is kept", () => {
    expect(proof.rule.leftBehind.cases).toBeGreaterThan(0)
    expect(proof.rule.leftBehind.smallest?.copy).toContain('in full, in blocks of 4 KiB onto a new thick volume of 8 KiB')
  })

  test('drivers may claim zeros of new thin volumes in pools that zero, and of new files', () => {
    expect(proof.honest).toEqual([
      'a new thin volume (chunks of 4 KiB)',
      'a new thin volume (chunks of 8 KiB)',
      'a new thin volume (chunks of 16 KiB)',
      'a new file that the copy cuts off',
      'a new file that the copy keeps',
      'a new, reserved file that the copy cuts off',
      'a new, reserved file that the copy keeps',
    ])
  })

  test('all that the rule refuses would be corrupted by some sparse copy, but for two kinds, and why is known', () => {
    const harmless = proof.stricter.filter(({ corrupt }) => corrupt === undefined)

    expect(harmless.map(({ kind }) => kind)).toEqual([
      'a new thin volume in a pool without zeroing (chunks of 4 KiB)',
      'a used file that the copy cuts off',
    ])
    expect(harmless.every(({ why }) => why !== undefined)).toBe(true)
    expect(proof.stricter).toHaveLength(20)
  })

  test.each([
    ['without zeroing', '8 KiB with data at 0-4K, in blocks of 4 KiB onto a new thin volume in a pool', 'byte 4096 is stale, not zero'],
    ['used before', '4 KiB of holes, in blocks of 4 KiB onto a used thin volume', 'byte 0 is stale, not zero'],
    ['a clone', '4 KiB of holes, in blocks of 4 KiB onto a snapshot of a used thin volume', 'byte 0 is stale, not zero'],
    ['external origin', '4 KiB of holes, in blocks of 4 KiB onto a thin volume with an external origin', 'byte 0 is stale, not zero'],
    ['encryption', '4 KiB of holes, in blocks of 4 KiB onto an encryption on a new thin volume', 'byte 0 is noise, not zero'],
  ])('the first wording corrupts by %s', (cause, copy, wrong) => {
    expect(firstOf(cause)?.copy).toContain(copy)
    expect(firstOf(cause)?.wrong).toBe(wrong)
  })

  test.each(mutantNames)('the mutant %s is refuted', (name) => {
    const mutant = proof.mutants.find((some) => some.name === name)

    expect(mutant?.refutedBy).toBe(['never-sparse', 'both-keys-needed'].includes(name) ? 'needless' : 'corrupt')
    expect(mutant?.count.cases).toBeGreaterThan(0)
    expect(mutant?.count.smallest).toBeDefined()
  })

  test.each([
    ['source-claim', 'sourceAnswered', '{"sparse_copy_volume":true}'],
    ['property-ignored', 'answered', '{"sparse_copy_volume":true,"cinder_sparse_copy_volume":false}'],
    ['nested-claim', 'answered', '[{"sparse_copy_volume":true}]'],
    ['missing-is-true', 'answered', '{}'],
    ['silence-is-true', 'answered', 'an error'],
    ['clone-is-new', 'knownAs', 'clone'],
    ['layers-ignored', 'knownAs', 'new, encryption'],
  ] as const)('the mutant %s is refuted by what it gets wrong: %s %s', (name, what, expected) => {
    expect(proof.mutants.find((some) => some.name === name)?.count.smallest?.[what]).toBe(expected)
  })

  test('the proof is what its schema says', () => {
    expect(proofSchema.strict().parse(JSON.parse(JSON.stringify(proof)))).toEqual(proof)
  })
})

test.each([
  ['always-sparse', /^the rule corrupts/],
  ['both-keys-needed', /^the rule copies .* in full that need not be/],
  ['thin-may-claim', /^the rule corrupts/],
] as const)('a proof that is broken by %s is refuted', (broken, failure) => {
  const { verdict, failures } = prove({ bound: 2, version: '0', broken })

  expect(verdict).toBe('refuted')
  expect(failures).toEqual([expect.stringMatching(failure)])
})

test('each finding that is not as it must be is a failure', () => {
  const sound: Findings = { odd: 0, rule: { corrupt: { cases: 0 }, needless: { cases: 0 } }, stricter: [], refuted: [] }

  expect(failuresOf(sound)).toEqual([])
  expect(failuresOf({ ...sound, odd: 1 })).toEqual(['1 sources do not read like the source that represents them'])
  expect(failuresOf({ ...sound, stricter: [{ kind: 'a tape' }] })).toEqual([
    'nothing speaks against a sparse copy onto a tape, and the rule refuses it',
  ])
  expect(failuresOf({ ...sound, stricter: [{ kind: 'a tape', why: 'it is known' }] })).toEqual([])
  expect(failuresOf({ ...sound, refuted: [{ name: 'x' }, { name: 'y', refutedBy: 'corrupt' }] })).toEqual(['the mutant x survives'])
})

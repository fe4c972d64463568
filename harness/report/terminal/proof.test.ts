import { describe, expect, test } from 'vitest'
import type { Proof, ProofCase } from '../../result/proof.ts'
import { proofReport } from './proof.ts'

const copyCase: ProofCase = {
  copy: '8 KiB of holes, in blocks of 4 KiB onto a new thick volume',
  wrong: 'byte 4096 is stale, not zero',
  answered: '{"sparse_copy_volume":true,"cinder_sparse_copy_volume":{"default":"a text without a single space in it"}}',
  knownAs: 'new',
}
const none = { cases: 0 }
const proof: Proof = {
  schema: 'holeproof-proof-2',
  version: '0.1.0',
  bound: 6,
  atomBytes: 4096,
  seconds: 17.26,
  kinds: 48,
  copies: 2_602_800,
  sources: { checked: 8736, odd: 0 },
  answers: 234,
  honest: ['a new thin volume (chunks of 4 KiB)', 'a new file that the copy cuts off'],
  rule: { cases: 58_707_342, corrupt: none, needless: none, leftBehind: { cases: 21_877_398, smallest: copyCase } },
  stricter: [
    { kind: 'a new thick volume', corrupt: { copy: copyCase.copy, wrong: copyCase.wrong } },
    { kind: 'a used file', why: 'the copy empties it' },
  ],
  original: {
    cases: 126_594,
    corrupt: { cases: 62_668, smallest: copyCase },
    needless: none,
    leftBehind: none,
    causes: [{ cause: 'an encryption', count: { cases: 936, smallest: copyCase } }],
  },
  mutants: [
    { name: 'always-sparse', breaks: 'rule', what: 'every copy is sparse', refutedBy: 'corrupt', count: { cases: 7, smallest: copyCase } },
  ],
  failures: [],
  verdict: 'upheld',
}

describe('the report of a proof', () => {
  test('says what was shown, what is refused and why, what the first wording misses, and which mutants fell', () => {
    const text = proofReport(proof, false)

    expect(text).toContain('✓ 0 of 58,707,342 cases end with a wrong byte')
    expect(text.replace(/\s+/g, ' ')).toContain('✓ 8 KiB of holes, in blocks of 4 KiB onto a new thick volume: byte 4096 is stale')
    expect(text).toContain('- a used file: none\n    the copy empties it')
    expect(text).toContain('- an encryption: 936 cases')
    expect(text).toContain('✓ always-sparse  every copy is sparse: 7 cases corrupt')
    expect(text).toContain('✓ UPHELD  every volume of up to 24 KiB in steps of 4 KiB')
    expect(text).toContain('1 of 1 mutants refuted; 17.3 s')
  })

  test('is red with its failures when something is not as it must be', () => {
    const text = proofReport(
      {
        ...proof,
        broken: 'always-sparse',
        rule: { ...proof.rule, corrupt: { cases: 3, smallest: { ...copyCase, sourceAnswered: '{}' } } },
        stricter: [{ kind: 'a tape' }],
        mutants: proof.mutants.map(({ refutedBy: _, ...survivor }) => ({ ...survivor, count: none })),
        failures: ['the rule corrupts 3 cases'],
        verdict: 'refuted',
      },
      false,
    )

    expect(text).toContain('Broken on purpose (always-sparse): this must be red.')
    expect(text).toContain('✗ 3 of 58,707,342 cases end with a wrong byte')
    expect(text).toMatch(/the\s+source's\s+driver:\s+\{\}/)
    expect(text).toContain('✗ a tape: none\n    and no reason is known why it is refused')
    expect(text).toContain('✗ always-sparse  every copy is sparse: SURVIVES')
    expect(text).toContain('✗ REFUTED')
    expect(text).toContain('    the rule corrupts 3 cases')
  })

  test('fits 80 columns', () => {
    for (const line of proofReport(proof, false).split('\n')) expect(line.length, line).toBeLessThanOrEqual(80)
  })

  test('has colours only where they are wanted', () => {
    expect(proofReport(proof, false)).not.toContain('\u001b')
    expect(proofReport(proof, true)).toContain('\u001b')
  })
})

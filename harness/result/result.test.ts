import { describe, expect, test } from 'vitest'
import { exampleCertificate, exampleCertification, exampleCheck, exampleCounterexample } from '../../tests/support/example_certificate.ts'
import { exampleCell, exampleEvidence, exampleResult } from '../../tests/support/example_result.ts'
import { publishedSchema } from '../../tests/support/published_schema.ts'
import type { CheckResult } from './certificate.ts'
import type { Verdict } from './finding.ts'
import { type Result, resultSchema } from './result.ts'
import { certificateVerdict, countVerdicts, overallVerdict } from './verdicts.ts'

describe("a run's verdict", () => {
  const none = { upheld: 0, refuted: 0, 'not-shown': 0, broken: 0 }

  test.each<[Partial<Result['counts']>, string[], Verdict]>([
    [{}, [], 'not-shown'],
    [{ 'not-shown': 3 }, [], 'not-shown'],
    [{ upheld: 1 }, [], 'upheld'],
    [{ upheld: 50 }, ['a loop device'], 'broken'],
    [{}, ['a loop device'], 'broken'],
    [{ 'not-shown': 1 }, ['a loop device'], 'broken'],
    [{ upheld: 50, broken: 1 }, [], 'broken'],
    [{ broken: 1 }, [], 'broken'],
    [{ refuted: 1 }, [], 'refuted'],
    [{ upheld: 50, refuted: 1 }, [], 'refuted'],
    [{ refuted: 1, broken: 5, 'not-shown': 2 }, ['a loop device'], 'refuted'],
  ])('of %j with the leaks %j is %s', (counts, leaks, verdict) => {
    expect(overallVerdict({ ...none, ...counts }, { leaks })).toBe(verdict)
  })

  test.each<[Partial<Result['counts']>, string[], Verdict]>([
    [{ upheld: 50 }, [], 'not-shown'],
    [{ upheld: 50, broken: 1 }, [], 'broken'],
    [{ upheld: 50 }, ['a loop device'], 'broken'],
    [{ refuted: 1 }, [], 'refuted'],
  ])('of %j with the leaks %j, stopped before its end, is %s', (counts, leaks, verdict) => {
    expect(overallVerdict({ ...none, ...counts }, { leaks, stopped: true })).toBe(verdict)
  })

  test('is counted cell by cell', () => {
    const verdicts: Verdict[] = ['upheld', 'refuted', 'upheld', 'broken', 'not-shown', 'upheld', 'broken']

    expect(countVerdicts(verdicts.map((verdict) => ({ verdict })))).toEqual({ upheld: 3, refuted: 1, 'not-shown': 1, broken: 2 })
  })
})

describe("a driver's verdict", () => {
  test.each<[CheckResult['verdict'][], Verdict]>([
    [[], 'not-shown'],
    [['upheld'], 'upheld'],
    [['upheld', 'not-offered', 'upheld'], 'upheld'],
    [['not-offered'], 'not-shown'],
    [['not-offered', 'not-shown'], 'not-shown'],
    [['upheld', 'not-shown'], 'not-shown'],
    [['upheld', 'broken'], 'broken'],
    [['not-shown', 'broken', 'not-offered'], 'broken'],
    [['upheld', 'refuted'], 'refuted'],
    [['broken', 'refuted', 'not-shown', 'not-offered'], 'refuted'],
  ])('from checks that are %j is %s', (verdicts, verdict) => {
    expect(certificateVerdict(verdicts.map((verdict) => ({ verdict })))).toBe(verdict)
    expect(certificateVerdict(verdicts.toReversed().map((verdict) => ({ verdict })))).toBe(verdict)
  })
})

describe('the schema of a result', () => {
  const found = [
    { what: 'zero' as const },
    { what: 'poison' as const },
    { what: 'other-stamp' as const, tag: 4 },
    { what: 'shifted-stamp' as const, fromOffset: 1024 },
    { what: 'noise' as const },
  ]
  const refuted = exampleCell({
    id: 'control/host/lvm-thin/lvm-thick',
    control: true,
    forced: 'sparse',
    transport: 'rest',
    faultyAnswer: 'silence',
    verdict: 'refuted',
    notes: [{ kind: 'thinness-lost', text: 'twice as much' }],
    evidence: {
      ...exampleEvidence(),
      answer: { kind: 'unanswered', why: 'no answer within 1 s' },
      verification: {
        checkedBytes: 4096,
        wrongBytes: 5,
        moreDifferences: 3,
        differences: found.map((what, at) => ({ offset: at * 512, length: 1, wrong: 1, expected: 'zero', found: what })),
      },
    },
  })
  const { evidence: _, ...withoutEvidence } = exampleCell({ id: 'host/nfs/nfs/mixed', verdict: 'broken', reason: 'the guest died' })

  test('accepts a good result and keeps all of it, also after a round trip through JSON', () => {
    const result = exampleResult([exampleCell(), refuted, withoutEvidence], { leaks: ['/dev/loop1'], brokenRule: 'always-sparse' })

    expect(resultSchema.parse(JSON.parse(JSON.stringify(result)))).toEqual(result)
  })

  test('accepts a cell of an older result, which names no transport, but no unknown transport', () => {
    const withTransport = (transport: unknown) => ({ ...exampleResult(), cells: [{ ...exampleCell(), transport }] })

    expect(resultSchema.parse(exampleResult([exampleCell()])).cells[0]).not.toHaveProperty('transport')
    expect(resultSchema.safeParse(withTransport('json-rpc')).success).toBe(true)
    expect(resultSchema.safeParse(withTransport('smoke signals')).success).toBe(false)
  })

  test('accepts certificates and keeps all of them', () => {
    const first = exampleCounterexample().first
    const checks = [
      exampleCheck({ verdict: 'refuted', wrong: { count: 7, first }, counterexample: 0 }),
      exampleCheck({ id: 'extend-keeps', verdict: 'not-offered' }),
    ]
    const refuted = exampleCertificate({ kind: 'module', checks, counterexamples: [exampleCounterexample()], calledItself: 'mine' })
    const broken = exampleCertificate({
      kind: 'program',
      claim: false,
      verdict: 'broken',
      reason: 'the guest died',
      wastedSpace: 'all of it',
    })
    const result = exampleCertification([refuted, broken])

    expect(resultSchema.parse(JSON.parse(JSON.stringify(result)))).toEqual(result)
  })

  test.each<[string, object]>([
    [
      'a check with a verdict that there is not',
      { certificates: [{ ...exampleCertificate(), checks: [{ ...exampleCheck(), verdict: 'skipped' }] }] },
    ],
    ['a driver whose checks were not offered as a whole', { certificates: [{ ...exampleCertificate(), verdict: 'not-offered' }] }],
    ['a driver of a kind that there is not', { certificates: [{ ...exampleCertificate(), kind: 'plugin' }] }],
    [
      'a counterexample without its script',
      { certificates: [{ ...exampleCertificate(), counterexamples: [{ ...exampleCounterexample(), script: undefined }] }] },
    ],
    ['another version of the schema', { schema: 'holeproof-result-0' }],
    ['a verdict that there is not', { verdict: 'fine' }],
    ['a date that is none', { startedAt: 'yesterday' }],
    ['time that runs backwards', { seconds: -1 }],
    ['a seed of no whole number', { seed: 0.5 }],
    ['cells without an id', { cells: [{ ...exampleCell(), id: undefined }] }],
    ['negative bytes', { cells: [{ ...exampleCell(), sizeBytes: -1 }] }],
    ['no counts', { counts: undefined }],
    ['a machine that there is not', { machines: [{ name: 'a', kind: 'vmware', kernel: '6.1' }] }],
  ])('refuses %s', (_, change) => {
    expect(resultSchema.safeParse({ ...exampleResult(), ...change }).success).toBe(false)
  })

  test('can be published as a JSON schema', () => {
    expect(JSON.parse(JSON.stringify(publishedSchema(resultSchema)))).toMatchObject({
      type: 'object',
      required: expect.arrayContaining(['schema', 'cells', 'leaks', 'counts', 'verdict']),
    })
  })
})

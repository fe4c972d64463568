import { describe, expect, test } from 'vitest'
import { exampleCertificate, exampleCertification, exampleCheck } from '../../tests/support/example_certificate.ts'
import { LEFT_OUT } from './certificate.ts'
import { COMPARISON_LIMITS, compareResults } from './compare.ts'
import type { Verdict } from './finding.ts'
import type { Result } from './result.ts'
import { type RunOutcome, type RunOutcomeOptions, runOutcomeOf } from './run_outcome.ts'

describe('a run ends', () => {
  const checks = [exampleCheck(), exampleCheck({ verdict: 'not-shown', text: LEFT_OUT })]
  const SOME_CHECKS = exampleCertification([exampleCertificate({ checks })])
  const ALL_THERE = { shards: 2, missingShards: [], missing: [] }
  const of = (...verdicts: Verdict[]): Result =>
    exampleCertification(verdicts.map((verdict) => exampleCertificate({ checks: [exampleCheck({ verdict })] })))

  test.each<[string, Result, RunOutcomeOptions, RunOutcome['status']]>([
    ['upheld where all is upheld', of('upheld', 'upheld'), {}, 'upheld'],
    ['upheld where all is upheld, strictly', of('upheld'), { strict: true }, 'upheld'],
    ['refuted where anything is refuted', of('upheld', 'refuted', 'broken'), {}, 'refuted'],
    ['refuted where anything is refuted, though the run was stopped', { ...of('refuted'), stopped: true }, {}, 'refuted'],
    ['broken where the lab broke', of('upheld', 'broken'), {}, 'broken'],
    ['broken where the run was stopped', { ...of('upheld'), stopped: true }, {}, 'broken'],
    ['broken where something was left behind', exampleCertification([exampleCertificate()], { leaks: ['/dev/loop1'] }), {}, 'broken'],
    ['upheld where something was not shown beside what is upheld', of('upheld', 'not-shown'), {}, 'upheld'],
    ['refuted where something was not shown, strictly', of('upheld', 'not-shown'), { strict: true }, 'refuted'],
    ['refuted where nothing was shown', of('not-shown'), {}, 'refuted'],
    ['upheld where some checks were asked for, and all of them are upheld', SOME_CHECKS, {}, 'upheld'],
    ['refuted where some checks were asked for, strictly', SOME_CHECKS, { strict: true }, 'refuted'],
    [
      'refuted where a shard is missing',
      { ...of('upheld', 'not-shown'), merged: { shards: 2, missingShards: [2], missing: ['nfs'] } },
      {},
      'refuted',
    ],
    [
      'upheld where something was not shown in shards that are all there',
      { ...of('upheld', 'not-shown'), merged: ALL_THERE },
      {},
      'upheld',
    ],
  ])('%s', (_, result, options, says) => {
    expect(runOutcomeOf(result, options).status).toBe(says)
  })

  const WORSE = compareResults(of('upheld', 'upheld'), of('upheld', 'refuted'), COMPARISON_LIMITS)

  test.each<[string, Result, RunOutcomeOptions, readonly string[]]>([
    ['nothing, where all is upheld', of('upheld'), { strict: true }, []],
    ['nothing, where its own parts tell it', of('upheld', 'refuted', 'broken'), {}, []],
    ['that it was stopped', { ...of('upheld'), stopped: true }, {}, ['it was stopped before its end']],
    ['what a strict run wants', of('upheld', 'not-shown'), { strict: true }, ['1 could not be shown, which fails a strict run']],
    ['that nothing was shown', of('not-shown'), {}, ['nothing could be shown']],
    ['what is missing', { ...of('upheld'), merged: { shards: 2, missingShards: [2], missing: ['nfs'] } }, {}, ['no result holds nfs']],
    ['what is worse than before', of('upheld', 'upheld'), { comparison: WORSE }, ['it is worse than before: 1 new failure']],
  ])('and tells %s', (_, result, options, why) => {
    expect(runOutcomeOf(result, options).why).toEqual(why)
  })

  test('refuted where it is worse than before, and broken where the lab broke, too', () => {
    expect(runOutcomeOf(of('upheld', 'upheld'), { comparison: WORSE }).status).toBe('refuted')
    expect(runOutcomeOf(of('upheld', 'broken'), { comparison: WORSE }).status).toBe('broken')
  })
})

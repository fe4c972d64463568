import { type Answer, SHIPPED_KEY, WELL_DEFINED_PROPERTY } from '../protocol/capabilities.ts'
import type { NamedAnswer } from './judge_rule.ts'

const MISSING = Symbol('missing')
const CLAIMS: readonly unknown[] = [
  MISSING,
  true,
  false,
  'True',
  'true',
  'False',
  '',
  1,
  0,
  null,
  { default: true },
  { default: false },
  { default: 'False' },
  [true],
  { 'vg-pool': true },
]

const claimed = (key: string, value: unknown) => (value === MISSING ? {} : { [key]: value })
const answered = (report: unknown, promises = false): NamedAnswer<Answer> => ({
  name: JSON.stringify(report),
  answer: { kind: 'answered', report },
  promises,
})
const unanswered = (why: string): NamedAnswer<Answer> => ({ name: why, answer: { kind: 'unanswered', why }, promises: false })

export const claimsTrue = answered({ [SHIPPED_KEY]: true }, true)
export const claimsFalse = answered({ [SHIPPED_KEY]: false })

/**
 * The possible answers of a driver: every pair of claims under the two keys, and answers without a claim. An answer promises zeros if
 * every claim in it is the boolean true.
 */
export const destinationAnswers: readonly NamedAnswer<Answer>[] = [
  ...CLAIMS.flatMap((shipped) =>
    CLAIMS.map((property) => {
      const given = [shipped, property].filter((value) => value !== MISSING)
      const report = { ...claimed(SHIPPED_KEY, shipped), ...claimed(WELL_DEFINED_PROPERTY, property) }
      return answered(report, given.length > 0 && given.every((value) => value === true))
    }),
  ),
  answered(null),
  answered(true),
  answered(`${SHIPPED_KEY}: true`),
  answered([{ [SHIPPED_KEY]: true }]),
  answered({ capabilities: { [SHIPPED_KEY]: true } }),
  answered({ pools: [{ pool_name: 'a', [SHIPPED_KEY]: true }] }),
  answered({ volume_backend_name: 7, [SHIPPED_KEY]: true }),
  unanswered('an error'),
  unanswered('nothing in time'),
]

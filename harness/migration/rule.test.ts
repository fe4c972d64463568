import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Answer, SHIPPED_KEY, WELL_DEFINED_PROPERTY } from '../protocol/capabilities.ts'
import { type DecidedBy, type DestinationFacts, decideCopyMode } from './rule.ts'

const FRESH: DestinationFacts = { history: 'new', layers: [] }
const ODD_CLAIMS = ['True', 'true', 'False', '', 1, 0, null, {}, { default: true }, [], [true], { 'vg-pool': true }]

describe('a sparse copy', () => {
  test.each([
    ['the shipped key', { [SHIPPED_KEY]: true }],
    ['the well-defined property', { [WELL_DEFINED_PROPERTY]: true }],
    ['both, which agree', { [SHIPPED_KEY]: true, [WELL_DEFINED_PROPERTY]: true }],
    ['the shipped key among other stats', { [SHIPPED_KEY]: true, volume_backend_name: 'pool', thin_provisioning_support: false }],
  ])('is decided when the boolean true stands under %s', (_, report) => {
    expect(decideCopyMode({ kind: 'answered', report }, FRESH)).toMatchObject({ mode: 'sparse', decidedBy: 'claimed-true' })
  })
})

describe('a full copy', () => {
  test.each<[string, unknown, DecidedBy]>([
    ['the shipped key is false', { [SHIPPED_KEY]: false }, 'claimed-false'],
    ['the well-defined property is false', { [WELL_DEFINED_PROPERTY]: false }, 'claimed-false'],
    ['nothing is claimed', { volume_backend_name: 'pool' }, 'nothing-claimed'],
    ['the report is empty', {}, 'nothing-claimed'],
    ['the claim is for one pool only', { pools: [{ pool_name: 'a', [SHIPPED_KEY]: true }] }, 'nothing-claimed'],
    ['the claim lies below the top level', { capabilities: { [SHIPPED_KEY]: true } }, 'nothing-claimed'],
    ['the claim is inherited, not reported', JSON.parse(`{"__proto__": {"${SHIPPED_KEY}": true}}`), 'nothing-claimed'],
    ['the key is spelt otherwise', { Sparse_Copy_Volume: true, sparseCopyVolume: true }, 'nothing-claimed'],
    ['the two claims contradict', { [SHIPPED_KEY]: true, [WELL_DEFINED_PROPERTY]: false }, 'claims-contradict'],
    ['the two claims contradict the other way', { [SHIPPED_KEY]: false, [WELL_DEFINED_PROPERTY]: true }, 'claims-contradict'],
    ['the report is null', null, 'report-malformed'],
    ['the report is missing', undefined, 'report-malformed'],
    ['the report is true itself', true, 'report-malformed'],
    ['the report is a string', 'sparse_copy_volume: true', 'report-malformed'],
    ['the report is a list', [{ [SHIPPED_KEY]: true }], 'report-malformed'],
    ['another property has a wrong type', { [SHIPPED_KEY]: true, volume_backend_name: 7 }, 'report-malformed'],
  ])('is decided when %s', (_, report, decidedBy) => {
    expect(decideCopyMode({ kind: 'answered', report }, FRESH)).toMatchObject({ mode: 'full', decidedBy })
  })

  test.each(ODD_CLAIMS.map((claim) => [JSON.stringify(claim), claim]))(
    'is decided when a claim is %s instead of a boolean',
    (text, claim) => {
      const reports = [
        { [SHIPPED_KEY]: claim },
        { [WELL_DEFINED_PROPERTY]: claim },
        { [SHIPPED_KEY]: true, [WELL_DEFINED_PROPERTY]: claim },
        { [SHIPPED_KEY]: claim, [WELL_DEFINED_PROPERTY]: true },
      ]

      for (const report of reports) {
        const decision = decideCopyMode({ kind: 'answered', report }, FRESH)
        expect(decision).toMatchObject({ mode: 'full', decidedBy: 'claim-not-boolean' })
        expect(decision.reason).toContain(text)
      }
    },
  )

  test.each(['an error', 'no answer within 10 s', ''])('is decided when the destination gave no answer: "%s"', (why) => {
    const decision = decideCopyMode({ kind: 'unanswered', why }, FRESH)

    expect(decision).toMatchObject({ mode: 'full', decidedBy: 'no-answer' })
    expect(decision.reason).toContain(why)
  })

  test.each(['reused', 'clone', 'restored-snapshot', 'external-origin'] as const)(
    'is decided when the volume is not new but %s',
    (history) => {
      const decision = decideCopyMode({ kind: 'answered', report: { [SHIPPED_KEY]: true } }, { history, layers: [] })

      expect(decision).toMatchObject({ mode: 'full', decidedBy: 'not-fresh' })
      expect(decision.reason).toContain(history)
    },
  )

  test('is decided when the new volume has storage before the copy, and the reason says how much', () => {
    const report = { [SHIPPED_KEY]: true }
    const decide = (mappedBytes: number) => decideCopyMode({ kind: 'answered', report }, { ...FRESH, mappedBytes })

    expect(decide(65536)).toMatchObject({ mode: 'full', decidedBy: 'has-storage', reason: expect.stringContaining('65536 bytes') })
    expect(decide(0)).toMatchObject({ mode: 'sparse', decidedBy: 'claimed-true' })
  })

  test.each([[['luks']], [['luks', 'qcow2']]])(
    'is decided when layers stand before the promised zeros, and the reason names each: %j',
    (layers) => {
      const decision = decideCopyMode({ kind: 'answered', report: { [SHIPPED_KEY]: true } }, { history: 'new', layers })

      expect(decision).toMatchObject({ mode: 'full', decidedBy: 'layered' })
      for (const layer of layers) expect(decision.reason).toContain(layer)
    },
  )
})

describe('whatever the answer and the destination are', () => {
  const claim = fc.oneof({ weight: 4, arbitrary: fc.constantFrom(true, false) }, fc.constantFrom(...ODD_CLAIMS), fc.jsonValue())
  const claims = fc.record({ [SHIPPED_KEY]: claim, [WELL_DEFINED_PROPERTY]: claim }, { requiredKeys: [] })
  const around = fc.dictionary(fc.constantFrom('vendor_name', 'pools', '__proto__', 'constructor', 'x'), fc.jsonValue())
  const report = fc.oneof(
    fc.jsonValue(),
    claims,
    fc.tuple(around, claims).map(([more, some]): unknown => ({ ...more, ...some })),
    fc.record({ pools: fc.array(claims) }),
  )
  const answer: fc.Arbitrary<Answer> = fc.oneof(
    { weight: 5, arbitrary: report.map((some) => ({ kind: 'answered' as const, report: some })) },
    { weight: 1, arbitrary: fc.string().map((why) => ({ kind: 'unanswered' as const, why })) },
  )
  const destination: fc.Arbitrary<DestinationFacts> = fc.record({
    history: fc.oneof({ weight: 3, arbitrary: fc.constant('new' as const) }, fc.constantFrom('reused' as const, 'clone' as const)),
    layers: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, fc.array(fc.constantFrom('luks', 'qcow2'))),
  })

  test('the copy is sparse only on a top-level boolean true that nothing contradicts, for a new and bare volume', () => {
    fc.assert(
      fc.property(answer, destination, (given, where) => {
        const { mode, decidedBy } = decideCopyMode(given, where)
        if (mode === 'sparse') {
          expect(claimsOf(given).length).toBeGreaterThan(0)
          expect(claimsOf(given).filter((value) => value !== true)).toEqual([])
          expect(where).toEqual({ history: 'new', layers: [] })
        }
        expect(decidedBy === 'claimed-true').toBe(mode === 'sparse')
      }),
      { numRuns: 600 },
    )
  })

  test('every decision says what was seen', () => {
    fc.assert(
      fc.property(answer, destination, (given, where) => {
        expect(decideCopyMode(given, where).reason.trim()).not.toBe('')
      }),
    )
  })

  test('what else a report says changes nothing', () => {
    fc.assert(
      fc.property(claims, fc.dictionary(fc.string({ maxLength: 5 }), fc.jsonValue()), (some, more) => {
        const alone = decideCopyMode({ kind: 'answered', report: some }, FRESH)
        expect(decideCopyMode({ kind: 'answered', report: { ...more, ...some } }, FRESH)).toEqual(alone)
      }),
    )
  })
})

/** Every claim at the top level of a report, own properties only. */
function claimsOf(given: Answer): unknown[] {
  if (given.kind !== 'answered' || typeof given.report !== 'object' || given.report === null) return []
  return Object.entries(given.report).flatMap(([key, value]) => (key === SHIPPED_KEY || key === WELL_DEFINED_PROPERTY ? [value] : []))
}

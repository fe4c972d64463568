import { decideCopyMode } from '../migration/rule.ts'
import { type Answer, capabilityReportSchema, SHIPPED_KEY, WELL_DEFINED_PROPERTY } from '../protocol/capabilities.ts'
import { KiB } from '../units.ts'
import type { DestinationKind } from './destinations.ts'
import { mayClaim, wholeProbe } from './honest_claims.ts'
import type { CopyRule, Known } from './judge_rule.ts'

/** The rule of the product. */
const soundRule: CopyRule<Answer> = (answer, known) => decideCopyMode(answer, known).mode

/** The claim of an honest driver. */
export const soundClaim = (kind: DestinationKind): boolean => mayClaim(kind)

/**
 * The rule as the spec words it: the claim alone decides. A driver claims on the grounds that Cinder's LVM driver has, lvm_type ==
 * 'thin'.
 */
export const originalRule: CopyRule<Answer> = (answer) => (claimOf(answer, SHIPPED_KEY) === true ? 'sparse' : 'full')
export const originalClaim = ({ storage }: DestinationKind): boolean => storage.kind === 'thin'

interface Mutant {
  /** Describes the mistake in one line. */
  readonly what: string
  readonly rule?: CopyRule<Answer>
  readonly claim?: (kind: DestinationKind) => boolean
}

function reportOf(answer: Answer): Readonly<Record<string, unknown>> | undefined {
  const report = answer.kind === 'answered' ? answer.report : undefined
  return typeof report === 'object' && report !== null ? { ...report } : undefined
}

function claimOf(answer: Answer, key: string): unknown {
  return reportOf(answer)?.[key]
}

const claimsInside = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && SHIPPED_KEY in value && value[SHIPPED_KEY] === true
const claims = (answer: Answer): unknown[] => [claimOf(answer, SHIPPED_KEY), claimOf(answer, WELL_DEFINED_PROPERTY)]
const report = (content: unknown): Answer => ({ kind: 'answered', report: content })
const TRUE = report({ [SHIPPED_KEY]: true })

/** The sound rule, but it takes an answer for true if `counts` accepts it. */
const alsoWhen =
  (counts: (answer: Answer) => boolean): CopyRule<Answer> =>
  (answer, known, sourceAnswer) =>
    soundRule(counts(answer) ? TRUE : answer, known, sourceAnswer)

const taking =
  (change: (known: Known) => Known): CopyRule<Answer> =>
  (answer, known, sourceAnswer) =>
    soundRule(answer, change(known), sourceAnswer)

const asNew = (history: Known['history']) => taking((known) => (known.history === history ? { ...known, history: 'new' } : known))

/** Ways to break the rule, or the claims that it relies on. The proof must refute every one, or it proves nothing. */
export const mutants = {
  'always-sparse': { what: 'every copy is sparse', rule: () => 'sparse' },
  'never-sparse': { what: 'every copy is full', rule: () => 'full' },
  'source-claim': { what: "the source's driver is asked", rule: (_, known, sourceAnswer) => soundRule(sourceAnswer, known, sourceAnswer) },
  'truthy-claim': { what: 'a claim need not be a boolean', rule: alsoWhen((answer) => Boolean(claims(answer).find((claim) => claim))) },
  'text-claim': { what: 'the text "True" counts', rule: alsoWhen((answer) => claims(answer).includes('True')) },
  'number-claim': { what: 'the number 1 counts', rule: alsoWhen((answer) => claims(answer).includes(1)) },
  'default-counts': {
    what: "a property's default counts",
    rule: alsoWhen((answer) =>
      claims(answer).some((claim) => typeof claim === 'object' && claim !== null && 'default' in claim && claim.default === true),
    ),
  },
  'missing-is-true': {
    what: 'no claim counts as true',
    rule: alsoWhen((answer) => reportOf(answer) !== undefined && claims(answer).every((claim) => claim === undefined)),
  },
  'silence-is-true': { what: 'no answer counts as true', rule: alsoWhen(({ kind }) => kind === 'unanswered') },
  'either-claim': { what: 'one true claim is enough', rule: alsoWhen((answer) => claims(answer).includes(true)) },
  'property-ignored': {
    what: 'the well-defined property is not read',
    rule: (answer, known, sourceAnswer) =>
      soundRule(reportOf(answer) === undefined ? answer : report({ [SHIPPED_KEY]: claimOf(answer, SHIPPED_KEY) }), known, sourceAnswer),
  },
  'shipped-key-ignored': {
    what: 'the key that drivers ship is not read',
    rule: (answer, known, sourceAnswer) =>
      soundRule(
        reportOf(answer) === undefined ? answer : report({ [WELL_DEFINED_PROPERTY]: claimOf(answer, WELL_DEFINED_PROPERTY) }),
        known,
        sourceAnswer,
      ),
  },
  'both-keys-needed': {
    what: 'the claim must stand under both keys',
    rule: (answer, known, sourceAnswer) =>
      claims(answer).every((claim) => claim === true) ? soundRule(answer, known, sourceAnswer) : 'full',
  },
  'nested-claim': {
    what: 'a claim below the top level counts',
    rule: alsoWhen((answer) =>
      Object.values(reportOf(answer) ?? {})
        .flat()
        .some(claimsInside),
    ),
  },
  'malformed-report': {
    what: 'a malformed report is read all the same',
    rule: alsoWhen(
      (answer) =>
        answer.kind === 'answered' && !capabilityReportSchema.safeParse(answer.report).success && claimOf(answer, SHIPPED_KEY) === true,
    ),
  },
  'freshness-ignored': { what: 'the history of the volume is ignored', rule: taking((known) => ({ ...known, history: 'new' })) },
  'reused-is-new': { what: 'a reused volume is taken for new', rule: asNew('reused') },
  'clone-is-new': { what: 'a clone is taken for new', rule: asNew('clone') },
  'restored-is-new': { what: 'a restored snapshot is taken for new', rule: asNew('restored-snapshot') },
  'origin-is-new': { what: 'a volume with an external origin is taken for new', rule: asNew('external-origin') },
  'layers-ignored': { what: 'the layers between are ignored', rule: taking((known) => ({ ...known, layers: [] })) },
  'thin-may-claim': { what: 'whatever is thin may claim', claim: originalClaim },
  'claim-unwritten': {
    what: 'a claim is probed without a write',
    claim: (kind) => mayClaim(kind, { ...wholeProbe, writes: false }),
  },
  'claim-first-page': {
    what: 'a claim is probed in the first 4 KiB',
    claim: (kind) => mayClaim(kind, { ...wholeProbe, lookedAtBytes: 4 * KiB }),
  },
  'claim-below': {
    what: 'a claim is probed below the encryption',
    claim: (kind) => mayClaim(kind, { ...wholeProbe, belowEncryption: true }),
  },
} satisfies Record<string, Mutant>

export type MutantName = keyof typeof mutants
export const mutantNames = Object.keys(mutants) as MutantName[]

/** The rule and the claim of a mutant; the part that it does not break is the sound one. */
export function partsOf(name: MutantName | undefined): {
  readonly rule: CopyRule<Answer>
  readonly claim: (kind: DestinationKind) => boolean
} {
  const mutant: Partial<Mutant> = name === undefined ? {} : mutants[name]
  return { rule: mutant.rule ?? soundRule, claim: mutant.claim ?? soundClaim }
}

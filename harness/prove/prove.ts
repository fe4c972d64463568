import type { Answer } from '../protocol/capabilities.ts'
import type { StorageSpec } from '../result/copy.ts'
import type { Proof, ProofCase, ProofCount } from '../result/proof.ts'
import { claimsFalse, claimsTrue, destinationAnswers } from './answers.ts'
import { describeCopy, describeKind, describeWrong } from './describe.ts'
import { ATOM_BYTES, asHandedOut, type DestinationKind, destinationKinds, sameKind } from './destinations.ts'
import { checkSources, enumerateKind, isSmaller, type KindTally, type SmallCopy } from './enumerate.ts'
import { type Against, type Answers, type CopyRule, type Count, type Judgement, judgeRule } from './judge_rule.ts'
import { type MutantName, mutantNames, mutants, originalClaim, originalRule, partsOf, soundClaim } from './mutants.ts'

/** The smallest bound at which every refused kind can show why. */
export const LEAST_BOUND = 2
/** The largest bound that takes less than half a minute. */
export const DEFAULT_BOUND = 6

export interface ProveOptions {
  /** The largest source, in atoms; the largest destination has one more. */
  readonly bound: number
  readonly version: string
  readonly broken?: MutantName
  readonly onProgress?: (done: number, kinds: number) => void
}

type MayClaim = (kind: DestinationKind) => boolean

/** Tests the rule, the kinds that it refuses, its original wording and its mutants with every small case. */
export function prove({ bound, version, broken, onProgress }: ProveOptions): Proof {
  const startedAt = performance.now()
  const kinds = destinationKinds()
  const kindTallies = kinds.map((kind, index) => {
    const modeTally = enumerateKind(kind, bound)
    onProgress?.(index + 1, kinds.length)
    return modeTally
  })
  const { sources, odd } = checkSources(bound, SOURCES)
  const honest = remembered(soundClaim)
  const held = ({ rule, claim }: { rule: CopyRule<Answer>; claim: MayClaim }) =>
    judgeRule(kindTallies, rule, answersOf(claim === soundClaim ? honest : remembered(claim)))
  const rule = held(partsOf(broken))
  const stricter = strictness(kindTallies, honest)
  const refuted = mutantNames.map((name) => refutationOf(name, held(partsOf(name))))
  const failures = failuresOf({ odd, rule, stricter, refuted })
  return {
    schema: 'holeproof-proof-2',
    version,
    bound,
    atomBytes: ATOM_BYTES,
    seconds: (performance.now() - startedAt) / 1000,
    broken,
    kinds: kinds.length,
    copies: kindTallies.reduce((sum, { copies }) => sum + copies, 0),
    sources: { checked: sources, odd },
    answers: destinationAnswers.length,
    honest: kinds.filter(honest).map((kind) => describeKind(kind, 'with chunks')),
    rule: counted(rule),
    stricter,
    original: originalWording(kindTallies),
    mutants: refuted,
    failures,
    verdict: failures.length === 0 ? 'upheld' : 'refuted',
  }
}

/** The findings on which the verdict depends. */
export interface Findings {
  /** The number of sources that do not read like the source that represents them. */
  readonly odd: number
  readonly rule: Pick<Judgement, 'corrupt' | 'needless'>
  readonly stricter: Proof['stricter']
  readonly refuted: readonly Pick<Proof['mutants'][number], 'name' | 'refutedBy'>[]
}

/** Describes every finding that fails the proof, each in one line. */
export function failuresOf({ odd, rule, stricter, refuted }: Findings): string[] {
  return [
    ...(odd === 0 ? [] : [`${odd} sources do not read like the source that represents them`]),
    ...(rule.corrupt.cases === 0 ? [] : [`the rule corrupts ${rule.corrupt.cases} cases`]),
    ...(rule.needless.cases === 0 ? [] : [`the rule copies ${rule.needless.cases} cases in full that need not be`]),
    ...stricter
      .filter(({ corrupt, why }) => corrupt === undefined && why === undefined)
      .map(({ kind }) => `nothing speaks against a sparse copy onto ${kind}, and the rule refuses it`),
    ...refuted.filter(({ refutedBy }) => refutedBy === undefined).map(({ name }) => `the mutant ${name} survives`),
  ]
}

const SOURCES: readonly StorageSpec[] = [
  ...[true, false].flatMap((zeroing) =>
    [1, 2, 4].map((atoms): StorageSpec => ({ kind: 'thin', chunkBytes: atoms * ATOM_BYTES, zeroing, discards: true })),
  ),
  { kind: 'thick' },
  { kind: 'file' },
]

/** The answers of honest drivers: any answer except a promise that the driver may not make. */
function answersOf(claim: MayClaim): Answers<Answer> {
  return {
    destination: destinationAnswers,
    // A case is shown with the first answer, unless it needs the second.
    source: [claimsFalse, claimsTrue],
    mayGive: ({ promises }, handsOut) => !promises || claim(handsOut),
  }
}

function remembered(claim: MayClaim): MayClaim {
  const known = new Map<string, boolean>()
  return (kind) => {
    const key = JSON.stringify(kind)
    const may = known.get(key) ?? claim(kind)
    known.set(key, may)
    return may
  }
}

/** The result of a sparse copy onto each kind that the rule refuses. Kinds that differ only in their chunks share the smallest case. */
function strictness(kindTallies: readonly KindTally[], honest: MayClaim): Proof['stricter'] {
  const groups = new Map<string, SmallCopy>()
  const harmless: Proof['stricter'][number][] = []
  for (const { kind, modes } of kindTallies) {
    if (sameKind(kind, asHandedOut(kind)) && honest(kind)) continue
    const { smallest } = modes.sparse.corrupt
    if (smallest === undefined) {
      harmless.push({ kind: describeKind(kind, 'with chunks'), why: whyHarmless(kind) })
      continue
    }
    const group = describeKind(kind, 'any chunks')
    const least = groups.get(group)
    if (least === undefined || isSmaller(smallest, least)) groups.set(group, smallest)
  }
  const harmful = [...groups].map(([kind, copy]) => ({ kind, corrupt: { copy: describeCopy(copy), wrong: describeWrong(copy) } }))
  return [...harmful, ...harmless]
}

function whyHarmless({ storage, prior, encrypted, keepsFile }: DestinationKind): string | undefined {
  if (encrypted) return undefined
  if (storage.kind === 'thin' && !storage.zeroing && prior === 'new' && storage.chunkBytes <= ATOM_BYTES)
    return 'no copy here writes less than a whole chunk; but the claim is about any write, and a driver does not know the block'
  if (storage.kind === 'file' && prior === 'used' && !keepsFile)
    return 'the copy itself empties the file first; but the rule does not know how the file will be opened'
  return undefined
}

/** The causes of a false claim. A case with several of them is not counted, because each could be to blame. */
const CAUSES: Readonly<Record<string, (kind: DestinationKind) => boolean>> = {
  'a pool without zeroing, and a block smaller than its chunk': ({ storage }) => storage.kind === 'thin' && !storage.zeroing,
  'a volume that was used before': ({ prior }) => prior === 'used',
  'a clone or a restored snapshot': ({ prior }) => prior === 'snapshot',
  'an external origin': ({ prior }) => prior === 'external-origin',
  'an encryption': ({ encrypted }) => encrypted,
}

function originalWording(kindTallies: readonly KindTally[]): Proof['original'] {
  const judgement = judgeRule(kindTallies, originalRule, {
    destination: [claimsFalse, claimsTrue],
    source: [claimsFalse],
    mayGive: ({ promises }, handsOut) => promises === originalClaim(handsOut),
  })
  const causes = Object.entries(CAUSES).map(([cause, isCause]) => {
    const alone = judgement.corruptKinds.filter(
      ({ kind }) => isCause(kind) && Object.values(CAUSES).filter((other) => other(kind)).length === 1,
    )
    return { cause, count: asCount(alone.map(({ count }) => count)) }
  })
  return { ...counted(judgement), causes }
}

function asCount(counts: readonly Count[]): ProofCount {
  const against = counts.flatMap(({ smallest }) => smallest ?? [])
  const [smallest] = against.sort((one, other) => (isSmaller(one.copy, other.copy) ? -1 : 1))
  return {
    cases: counts.reduce((sum, { cases }) => sum + cases, 0),
    smallest: smallest && caseOf(smallest),
  }
}

function refutationOf(name: MutantName, judgement: Judgement): Proof['mutants'][number] {
  const about = { name, breaks: 'claim' in mutants[name] ? ('claim' as const) : ('rule' as const), what: mutants[name].what }
  if (judgement.corrupt.cases > 0) return { ...about, refutedBy: 'corrupt', count: asCount([judgement.corrupt]) }
  if (judgement.needless.cases > 0) return { ...about, refutedBy: 'needless', count: asCount([judgement.needless]) }
  return { ...about, count: { cases: 0 } }
}

function counted({ cases, corrupt, needless, leftBehind }: Judgement): Proof['rule'] {
  return { cases, corrupt: asCount([corrupt]), needless: asCount([needless]), leftBehind: asCount([leftBehind]) }
}

function caseOf({ copy, known: { history, layers }, answered, sourceAnswered }: Against): ProofCase {
  return {
    copy: describeCopy(copy),
    wrong: describeWrong(copy),
    answered,
    sourceAnswered: sourceAnswered === claimsFalse.name ? undefined : sourceAnswered,
    knownAs: [history, ...layers].join(', '),
  }
}

import type { CopyMode } from '../result/copy_mode.ts'
import { asHandedOut, type DestinationKind, sameKind } from './destinations.ts'
import { isSmaller, type KindTally, type ModeTally, type SmallCopy, type Tally } from './enumerate.ts'

/** The knowledge of the migration about the destination volume, which the rule gets. */
export interface Known {
  readonly history: 'new' | 'reused' | 'clone' | 'restored-snapshot' | 'external-origin'
  readonly layers: readonly string[]
}

/** A rule. It gets the answer of the destination's driver, the knowledge about the volume, and the answer of the source's driver. */
export type CopyRule<Answer> = (answer: Answer, known: Known, sourceAnswer: Answer) => CopyMode

/** A possible answer of a driver. */
export interface NamedAnswer<Answer> {
  /** The object of the sentence "the driver answers ...". */
  readonly name: string
  readonly answer: Answer
  /** True if the answer claims, in the form of the spec, that new volumes read as zeros. Any other form promises nothing. */
  readonly promises: boolean
}

/** The answers that a rule is tested with. */
export interface Answers<Answer> {
  readonly destination: readonly NamedAnswer<Answer>[]
  readonly source: readonly NamedAnswer<Answer>[]
  /** True if the driver that hands out volumes of a kind may give the answer. */
  readonly mayGive: (answer: NamedAnswer<Answer>, handsOut: DestinationKind) => boolean
}

/**
 * A view of a destination. Either the migration knows its history and layers, and the driver's claim is about bare new volumes. Or the
 * driver makes all its volumes in this way, only the driver knows it, and the claim must hold for them.
 */
export interface Role {
  readonly known: Known
  readonly handsOut: DestinationKind
}

function rolesOf(kind: DestinationKind): Role[] {
  const handedOut = asHandedOut(kind)
  const layers = kind.encrypted ? ['encryption'] : []
  const known = historiesOf(kind).map((history): Role => ({ known: { history, layers }, handsOut: handedOut }))
  return sameKind(kind, handedOut) ? known : [...known, { known: { history: 'new', layers: [] }, handsOut: kind }]
}

function historiesOf({ prior }: DestinationKind): Known['history'][] {
  switch (prior) {
    case 'new':
    case 'reserved':
      return ['new']
    case 'used':
      return ['reused']
    case 'snapshot':
      return ['clone', 'restored-snapshot']
    case 'external-origin':
      return ['external-origin']
  }
}

/** A case that counts against a rule. */
export interface Against {
  readonly copy: SmallCopy
  readonly known: Known
  readonly answered: string
  readonly sourceAnswered: string
}

export interface Count {
  readonly cases: number
  readonly smallest?: Against | undefined
}

export interface Judgement {
  /** Each combination of source, destination, block, answers of both drivers, and knowledge about the destination. */
  readonly cases: number
  /** Copies that end with a wrong byte within the volume. */
  readonly corrupt: Count
  /** Full copies although the destination is new and bare and its driver promised zeros. */
  readonly needless: Count
  /** Copies that leave stale bytes past the volume's end, on a larger destination. */
  readonly leftBehind: Count
  /** The corrupt copies by kind of destination, for the kinds that have any. */
  readonly corruptKinds: readonly { readonly kind: DestinationKind; readonly count: Count }[]
}

/** Tests a rule with every case. */
export function judgeRule<Answer>(kindTallies: readonly KindTally[], rule: CopyRule<Answer>, answers: Answers<Answer>): Judgement {
  const [corrupt, needless, leftBehind] = [new Counter(), new Counter(), new Counter()]
  const corruptKinds: { kind: DestinationKind; count: Count }[] = []
  const decisions = decisionsOf(rule, answers)
  let cases = 0
  for (const { kind, modes } of kindTallies) {
    const ofKind = new Counter()
    for (const { known, handsOut } of rolesOf(kind)) {
      for (const { given, ofSource, mode } of decisions(known)) {
        if (!answers.mayGive(given, handsOut)) continue
        const modeTally: ModeTally = modes[mode]
        const against = { known, answered: given.name, sourceAnswered: ofSource.name }
        cases += modeTally.all.cases
        corrupt.add(modeTally.corrupt, against)
        ofKind.add(modeTally.corrupt, against)
        leftBehind.add(modeTally.leftBehind, against)
        if (mode === 'full' && given.promises && known.history === 'new' && known.layers.length === 0) needless.add(modeTally.all, against)
      }
    }
    if (ofKind.cases > 0) corruptKinds.push({ kind, count: ofKind.counted() })
  }
  return { cases, corrupt: corrupt.counted(), needless: needless.counted(), leftBehind: leftBehind.counted(), corruptKinds }
}

interface Decision<Answer> {
  readonly given: NamedAnswer<Answer>
  readonly ofSource: NamedAnswer<Answer>
  readonly mode: CopyMode
}

/** The decisions of a rule on every pair of answers. It is asked once for the same knowledge. */
function decisionsOf<Answer>(rule: CopyRule<Answer>, { destination, source }: Answers<Answer>): (known: Known) => Decision<Answer>[] {
  const made = new Map<string, Decision<Answer>[]>()
  return (known) => {
    const key = JSON.stringify(known)
    const decisions =
      made.get(key) ??
      destination.flatMap((given) => source.map((ofSource) => ({ given, ofSource, mode: rule(given.answer, known, ofSource.answer) })))
    made.set(key, decisions)
    return decisions
  }
}

class Counter {
  cases = 0
  private smallest: Against | undefined

  add({ cases, smallest }: Tally, against: Omit<Against, 'copy'>): void {
    this.cases += cases
    if (smallest !== undefined && (this.smallest === undefined || isSmaller(smallest, this.smallest.copy)))
      this.smallest = { copy: smallest, ...against }
  }

  counted(): Count {
    return { cases: this.cases, smallest: this.smallest }
  }
}

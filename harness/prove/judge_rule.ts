import type { CopyMode } from '../result/copy_mode.ts'
import { asHandedOut, type DestinationKind, sameKind } from './destinations.ts'
import { isSmaller, type KindTally, type ModeTally, type SmallCopy, type Tally } from './enumerate.ts'

/** What the migration knows of the destination volume, as the rule is told it. */
export interface Known {
  readonly history: 'new' | 'reused' | 'clone' | 'restored-snapshot' | 'external-origin'
  readonly layers: readonly string[]
}

/** What a rule says: of the destination's driver's answer, what is known of the volume, and the answer of the source's driver. */
export type CopyRule<Answer> = (answer: Answer, known: Known, sourceAnswer: Answer) => CopyMode

/** Something that a driver may answer when it is asked. */
export interface NamedAnswer<Answer> {
  /** As it stands in a sentence: the driver answers ... */
  readonly name: string
  readonly answer: Answer
  /** Whether it says, as the spec has it, that new volumes read as zeros. What says so in another way promises nothing. */
  readonly promises: boolean
}

/** All that is open: whose answers a rule is held to. */
export interface Answers<Answer> {
  readonly destination: readonly NamedAnswer<Answer>[]
  readonly source: readonly NamedAnswer<Answer>[]
  /** Whether the driver that hands out volumes of a kind may give the answer. */
  readonly mayGive: (answer: NamedAnswer<Answer>, handsOut: DestinationKind) => boolean
}

/**
 * How much is known of a destination. The migration knows what it is, and the driver's claim is about its bare new volumes; or
 * the driver makes all its volumes so, which nobody else knows, and then its claim must hold for these.
 */
export interface Role {
  readonly known: Known
  readonly handsOut: DestinationKind
}

function rolesOf(kind: DestinationKind): Role[] {
  const handedOut = asHandedOut(kind)
  const layers = kind.encrypted ? ['encryption'] : []
  const told = historiesOf(kind).map((history): Role => ({ known: { history, layers }, handsOut: handedOut }))
  return sameKind(kind, handedOut) ? told : [...told, { known: { history: 'new', layers: [] }, handsOut: kind }]
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

/** A case that speaks against a rule. */
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
  /** Sources, destinations, blocks, answers of both drivers, and what is known of the destination: each different one counts. */
  readonly cases: number
  /** Copies that end with a wrong byte within the volume. */
  readonly corrupt: Count
  /** Copies copied in full though the destination is new and bare and its driver promised zeros. */
  readonly needless: Count
  /** Copies that end with stale bytes behind the volume's end, on a destination that is larger. */
  readonly leftBehind: Count
  /** The corrupt ones by kind of destination, where there are any. */
  readonly corruptKinds: readonly { readonly kind: DestinationKind; readonly count: Count }[]
}

/** Holds a rule to every case. */
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

/** What a rule makes of every pair of answers; asked once for all that is known to be the same. */
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

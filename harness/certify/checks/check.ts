import type { Difference } from '../../result/bytes.ts'
import type { Cause } from '../../result/cause.ts'
import type { DriverUnderTest } from '../session/driver_under_test.ts'
import type { Case, Reading } from './cases.ts'

/** The outcome of a check. */
export type CheckOutcome =
  | {
      readonly verdict: 'upheld'
      readonly text: string
      /** Set by checks that read new volumes: true when everything unwritten read as zero, promised or not. */
      readonly readZero?: boolean
    }
  | {
      readonly verdict: 'refuted'
      readonly text: string
      readonly readZero?: boolean
      readonly wrong?: WrongBytes
      /** Default: as the text and the wrong bytes tell. */
      readonly cause?: Cause
      /** The case that showed it; the search looks for a smaller one. */
      readonly shownBy?: Case
    }
  /** The check could not run. Never counts as certified. */
  | { readonly verdict: 'not-shown'; readonly text: string }
  /** The driver answered that it lacks the verb, and it may. */
  | { readonly verdict: 'not-offered'; readonly text: string }

/** The number of wrong bytes, and the first of them. */
export interface WrongBytes {
  readonly count: number
  readonly first: Difference
}

/** One thing that a driver is held to. */
export interface Check {
  /** The id that --only takes. It never changes. */
  readonly id: string
  /** States what must hold, on one line. */
  readonly title: string
  /** The `first` check also runs where only others were chosen; the `last` ones also run when the time is up. */
  readonly phase?: 'first' | 'last'
  /** Set by checks that set volumes aside; before any other check these are deleted. */
  readonly setsAside?: true
  /** Set by checks that leave on the storage what some drivers fail at: one that they do not uphold gets other storage. */
  readonly soilsStorage?: true
  /**
   * Everything that the check makes through the driver's session is deleted after it. Throws DriverFault when the driver fails
   * at something that it must do, which refutes it.
   */
  run(driver: DriverUnderTest): Promise<CheckOutcome>
}

export function upheld(text: string): CheckOutcome {
  return { verdict: 'upheld', text }
}

export function refuted(text: string, cause?: Cause): CheckOutcome {
  return { verdict: 'refuted', text, ...(cause !== undefined && { cause }) }
}

export function notShown(text: string): CheckOutcome {
  return { verdict: 'not-shown', text }
}

export function notOffered(text: string): CheckOutcome {
  return { verdict: 'not-offered', text }
}

/** Returns the wrong bytes of a reading; undefined when all are right. */
export function wrongBytesOf({ verification: { wrongBytes, differences } }: Pick<Reading, 'verification'>): WrongBytes | undefined {
  const [first] = differences
  return first && { count: wrongBytes, first }
}

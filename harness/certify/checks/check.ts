import type { Difference } from '../../result/bytes.ts'
import type { DriverSession } from '../driver_session.ts'
import type { Case, Reading } from './experiment.ts'

/** What came of a check. */
export type CheckOutcome =
  | {
      readonly verdict: 'upheld'
      readonly text: string
      /** Of a check that reads new volumes: whether all that nobody wrote was zero, promised or not. */
      readonly readZero?: boolean
    }
  | {
      readonly verdict: 'refuted'
      readonly text: string
      readonly readZero?: boolean
      readonly wrong?: WrongBytes
      /** What showed it, for the search for the smallest that does. */
      readonly shownBy?: Case
    }
  /** It could not run: never counted as certified. */
  | { readonly verdict: 'not-shown'; readonly text: string }
  /** The driver answered that it lacks the verb, so there is nothing to hold it to. */
  | { readonly verdict: 'not-offered'; readonly text: string }

/** Bytes that should not be there: the first of them, and how many. */
export interface WrongBytes {
  readonly count: number
  readonly first: Difference
}

/** What a driver is held to. */
export interface Check {
  /** Stable: what --only takes. */
  readonly id: string
  /** What must hold, on one line. */
  readonly title: string
  /** Throws DriverFault when the driver fails at what it must do, which refutes it. */
  run(session: DriverSession): Promise<CheckOutcome>
}

export function upheld(text: string): CheckOutcome {
  return { verdict: 'upheld', text }
}

export function refuted(text: string): CheckOutcome {
  return { verdict: 'refuted', text }
}

/** The bytes that a reading found wrong. */
export function wrongBytesOf({ verification: { wrongBytes, differences } }: Pick<Reading, 'verification'>): WrongBytes | undefined {
  const [first] = differences
  return first && { count: wrongBytes, first }
}

import type { Difference, Verification } from '../result/bytes.ts'
import type { RowVerdict, WrongBytes } from './result.ts'

export interface Seen {
  /** What reading the volume showed, wherever it is now. */
  readonly reading: Verification
  /** Whether Cinder did what it was asked for. */
  readonly done: boolean
  /** Whether it could have. */
  readonly possible: boolean
}

export function judgeRow({ reading, done, possible }: Seen): RowVerdict {
  if (reading.wrongBytes > 0) return 'corrupt'
  if (done) return 'intact'
  return possible ? 'failed' : 'kept'
}

/** Undefined if every byte is right. */
export function wrongBytesOf({ wrongBytes, differences }: Verification): WrongBytes | undefined {
  const [first] = differences
  if (wrongBytes === 0 || first === undefined) return undefined
  return { bytes: wrongBytes, first: first.offset, found: describeFound(first), expected: first.expected }
}

function describeFound({ found }: Difference): string {
  switch (found.what) {
    case 'other-stamp':
      return "another volume's data"
    case 'shifted-stamp':
      return 'data from elsewhere in the volume'
    case 'other-write':
      return 'an earlier write'
    case 'zero':
      return 'zeros'
    default:
      return found.what
  }
}

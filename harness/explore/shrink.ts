import fc from 'fast-check'
import type { CopyCase } from '../result/copy.ts'
import { caseParts, toCopyCase, toParts } from './random_copies.ts'

/**
 * The smallest copy that still fails as `fails` says, found by trying simpler and simpler ones. No further one is begun after
 * `seconds`. Undefined when not even the copy itself fails again.
 */
export async function shrinkCopy<Failure>(
  copyCase: CopyCase,
  fails: (copyCase: CopyCase) => Promise<Failure | undefined>,
  seconds: number,
): Promise<{ copyCase: CopyCase; failure: Failure } | undefined> {
  const until = Date.now() + seconds * 1000
  let found: { copyCase: CopyCase; failure: Failure } | undefined
  await fc.check(
    fc.asyncProperty(caseParts, async (parts) => {
      if (Date.now() > until && found !== undefined) return true
      const candidate = toCopyCase(parts)
      const failure = await fails(candidate)
      if (failure !== undefined) found = { copyCase: candidate, failure }
      return failure === undefined
    }),
    { examples: [[toParts(copyCase)]], numRuns: 1 },
  )
  return found
}

import { lengthOf, type RangeMap } from '../content/ranges.ts'
import { compare, type Measured } from '../model/compare.ts'
import type { Prediction } from '../model/copy_case.ts'
import { type MappedBounds, outside } from '../model/live.ts'
import type { Finding, Verdict } from '../result/finding.ts'

/** A refutation stands whatever else failed; a lab that broke or leaked shows nothing, nor does what could not run. */
export function verdictOf(
  { findings, broken, notShown }: { findings: readonly Finding[]; broken?: string | undefined; notShown?: string | undefined },
  leaks: readonly string[],
): { verdict: Verdict; reason?: string } {
  if (findings.some(({ ok }) => !ok)) return { verdict: 'refuted' }
  const reason = [...(broken === undefined ? [] : [broken]), ...leaks].join('; ')
  if (reason !== '') return { verdict: 'broken', reason }
  return notShown === undefined ? { verdict: 'upheld' } : { verdict: 'not-shown', reason: notShown }
}

/** One finding for all that agrees, else one for each disagreement. */
export function checkModel(prediction: Prediction, measured: Measured): Finding[] {
  const disagreements = compare(prediction, measured)
  if (disagreements.length === 0) return [{ check: 'model', ok: true, text: 'as the model predicted, to the byte and to the chunk' }]
  return disagreements.map(({ what, text, suspect }) => ({
    check: `model/${what}`,
    ok: false,
    text: `${text}; suspected: ${suspect}`,
  }))
}

/** Holds what is mapped of a destination, to which an instance wrote meanwhile, against its bounds. */
export function boundsFinding(bounds: MappedBounds, mapped: RangeMap<true>, mappedBytes: number, sizeBytes: number): Finding {
  const { more, less } = outside(bounds, mapped, sizeBytes)
  if (more === 0 && less === 0) {
    const range = `${lengthOf(bounds.least)} to ${lengthOf(bounds.most)}`
    return { check: 'model', ok: true, text: `${mappedBytes} bytes mapped; with these writes ${range} may be` }
  }
  const text = `${mappedBytes} bytes mapped: ${more} that no write and no data explains, and ${less} that must be are not`
  return { check: 'model/destination-mapped', ok: false, text }
}

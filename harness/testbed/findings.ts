import { compare, type Measured } from '../model/compare.ts'
import type { Prediction } from '../model/copy_case.ts'
import type { Finding, Verdict } from '../result/finding.ts'

/** A refutation stands whatever else failed; a lab that broke or leaked shows nothing. */
export function verdictOf(
  { findings, broken }: { findings: readonly Finding[]; broken?: string },
  leaks: readonly string[],
): { verdict: Verdict; reason?: string } {
  if (findings.some(({ ok }) => !ok)) return { verdict: 'refuted' }
  const reason = [...(broken === undefined ? [] : [broken]), ...leaks].join('; ')
  return reason === '' ? { verdict: 'upheld' } : { verdict: 'broken', reason }
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

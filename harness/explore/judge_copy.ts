import { lengthOf, range, subtract } from '../content/ranges.ts'
import { mappedBounds, type Writes } from '../model/live.ts'
import type { CopyCase } from '../result/copy.ts'
import { describeDifference } from '../result/describe.ts'
import type { Finding } from '../result/finding.ts'
import { boundsFinding, checkModel } from '../testbed/findings.ts'
import type { CopyRun } from './run_copy.ts'
import type { Trap } from './traps.ts'

/**
 * Returns whether the rule permits this copy onto such a destination: sparsely only where an honest driver claims, the volume is new and
 * nothing lies between.
 */
export function rulePermits({ destination: { storage, prior, cryptHeaderBytes }, copy }: CopyCase): boolean {
  if (copy.how === 'full') return true
  // A mirror that is not told of the claim writes every byte.
  if (copy.how === 'mirror' && !copy.options.targetIsZero) return true
  if (copy.how !== 'sparse' && copy.how !== 'mirror') return false
  const claims = storage.kind === 'file' || (storage.kind === 'thin' && storage.zeroing)
  return claims && (prior.kind === 'new' || prior.kind === 'reserved') && cryptHeaderBytes === undefined
}

export interface CopyJudgement {
  readonly findings: Finding[]
  /** Wrong bytes within the volume. */
  readonly wrongBytes: number
  /** Of the destination, as measured. */
  readonly mappedBytes: number
  /** Behind the volume's end, in bytes. */
  readonly staleBytesPastEnd: number
}

/** Holds what a copy came out as against the model, the rule, and what is known of it. Pure. */
export function judgeCopy(copyCase: CopyCase, run: CopyRun, expected?: Trap['expect']): CopyJudgement {
  const { verification, measured, prediction, writes } = run
  const { sizeBytes } = copyCase
  const old = (measured.byteClasses ?? []).filter(({ value }) => value === 'stale' || value === 'noise')
  const staleBytesPastEnd = lengthOf(subtract(old, range(0, sizeBytes, true)))
  const within = verification.differences.find(({ offset }) => offset < sizeBytes)
  // The verification read a larger destination to its end, where its own content says zero.
  const wrongBytes = within === undefined ? 0 : verification.wrongBytes - staleBytesPastEnd
  const seen =
    within === undefined ? `all ${sizeBytes} bytes are right` : `${wrongBytes} bytes are wrong, first ${describeDifference(within)}`
  const findings = writes === undefined ? checkModel(prediction, measured) : checkBounds(copyCase, run, writes)
  if (rulePermits(copyCase)) findings.push({ check: 'rule', ok: within === undefined, text: `the rule permits this copy: ${seen}` })
  if (expected !== undefined) {
    const ok = (expected === 'intact') === (within === undefined)
    findings.push({ check: 'trap', ok, text: ok ? `${expected}, as it must be: ${seen}` : `it must be ${expected}: ${seen}` })
  }
  return { findings, wrongBytes, mappedBytes: measured.destination.mappedBytes, staleBytesPastEnd }
}

/** When an instance writes meanwhile, chance decides on some chunks of a thin destination, and the model gives bounds. */
function checkBounds({ sizeBytes, copy, destination }: CopyCase, { prediction, measured }: CopyRun, writes: Writes): Finding[] {
  const { mapped, mappedBytes } = measured.destination
  if (mapped === undefined || copy.how !== 'mirror' || destination.storage.kind !== 'thin') return []
  return [boundsFinding(mappedBounds(prediction, copy.options, writes, destination.storage.chunkBytes), mapped, mappedBytes, sizeBytes)]
}

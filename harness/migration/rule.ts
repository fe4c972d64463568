import { type Answer, capabilityReportSchema, SHIPPED_KEY, WELL_DEFINED_PROPERTY, wellDefinedProperty } from '../protocol/capabilities.ts'
import type { CopyMode } from '../result/copy_mode.ts'

/** The facts that the migration itself knows about the destination volume. */
export interface DestinationFacts {
  /** `new`: just created by the destination's driver for this migration. */
  readonly history: 'new' | 'reused' | 'clone' | 'restored-snapshot' | 'external-origin'
  /** The layers between the mover and the storage that the driver promised zeros for: encryption, an image format. */
  readonly layers: readonly string[]
  /** How much of it has storage before the copy, in bytes, where the kernel tells that: a thin volume's mapped chunks. */
  readonly mappedBytes?: number
}

/** Which of the rule's conditions decided. */
export type DecidedBy =
  | 'claimed-true'
  | 'claimed-false'
  | 'nothing-claimed'
  | 'claim-not-boolean'
  | 'claims-contradict'
  | 'report-malformed'
  | 'no-answer'
  | 'not-fresh'
  | 'layered'
  | 'has-storage'
  /** No rule was asked: a control. */
  | 'forced'

export interface Decision {
  readonly mode: CopyMode
  readonly decidedBy: DecidedBy
  /** For a person: what was seen and why it leads to this mode. */
  readonly reason: string
}

export type Rule = (answer: Answer, destination: DestinationFacts) => Decision

/**
 * Decides whether a copy may skip the zero blocks of its source: only if the destination's driver answered that its new volumes
 * read as zeros, with the boolean true, and the volume is fresh, bare and, as far as the kernel tells, without storage yet. Anything else
 * is a full copy.
 * Source: efficient volume copy spec, section "Proposed change".
 */
export const decideCopyMode: Rule = (answer, destination) => {
  if (answer.kind === 'unanswered') return full('no-answer', `the destination did not answer: ${answer.why}`)
  const parsed = capabilityReportSchema.safeParse(answer.report)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const where = issue === undefined || issue.path.length === 0 ? 'it' : issue.path.join('.')
    return full('report-malformed', `the capability report is malformed: ${where}: ${issue?.message ?? 'unknown'}`)
  }
  const claims = [SHIPPED_KEY, WELL_DEFINED_PROPERTY]
    .map((key) => ({ key, value: parsed.data[key] }))
    .filter(({ value }) => value !== undefined)
  const [claim] = claims
  if (claim === undefined) {
    const byDefault = wellDefinedProperty[WELL_DEFINED_PROPERTY].default
    return full('nothing-claimed', `the destination reports no ${SHIPPED_KEY}; the default is ${byDefault}`)
  }
  const odd = claims.find(({ value }) => typeof value !== 'boolean')
  if (odd !== undefined) return full('claim-not-boolean', `${odd.key} is ${JSON.stringify(odd.value)}, not a boolean`)
  if (claims.some(({ value }) => value !== claim.value))
    return full('claims-contradict', `${SHIPPED_KEY} and ${WELL_DEFINED_PROPERTY} contradict each other`)
  if (claim.value !== true) return full('claimed-false', `the destination reports ${claim.key} = false`)
  if (destination.history !== 'new') return full('not-fresh', `the destination volume is not new: ${destination.history}`)
  if (destination.layers.length > 0) return full('layered', `between the copy and the promised zeros: ${destination.layers.join(', ')}`)
  const { mappedBytes = 0 } = destination
  if (mappedBytes > 0)
    return full('has-storage', `the new volume has storage before the copy: ${mappedBytes} bytes, which may be another volume's data`)
  return { mode: 'sparse', decidedBy: 'claimed-true', reason: `the destination reports ${claim.key} = true` }
}

function full(decidedBy: DecidedBy, reason: string): Decision {
  return { mode: 'full', decidedBy, reason }
}

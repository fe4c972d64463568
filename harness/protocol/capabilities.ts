import { z } from 'zod'

/** The key that Cinder's drivers ship in their stats. */
export const SHIPPED_KEY = 'sparse_copy_volume'
/** The spec's well-defined property. */
export const WELL_DEFINED_PROPERTY = 'cinder_sparse_copy_volume'

/**
 * The well-defined property as the spec adds it to the list of capabilities (section "Proposed change"): its default is
 * False, so a driver that says nothing makes no promise.
 */
export const wellDefinedProperty = {
  [WELL_DEFINED_PROPERTY]: { default: false, options: {} },
} as const

/**
 * A capability report. Only what the migration reads is described; a driver may say more. The two claims are left open here
 * because the rule must tell a claim that is not a boolean from one that is missing.
 */
export const capabilityReportSchema = z.looseObject({
  volume_backend_name: z.string().optional(),
  vendor_name: z.string().optional(),
  driver_version: z.string().optional(),
  storage_protocol: z.string().optional(),
  location_info: z.string().optional(),
  [SHIPPED_KEY]: z.unknown().optional(),
  [WELL_DEFINED_PROPERTY]: z.unknown().optional(),
})

/** The outcome of asking the destination's volume service. */
export type Answer =
  | { readonly kind: 'answered'; readonly report: unknown }
  /** An error, no answer in time, or something that is no JSON-RPC answer. */
  | { readonly kind: 'unanswered'; readonly why: string }

import type { CellResult } from '../result/cell.ts'
import type { CheckResult } from '../result/certificate.ts'
import type { CopyResult } from '../result/copy.ts'

/** An event of a run, for a progress display. */
export type RunEvent =
  | { readonly kind: 'cell-started'; readonly id: string; readonly machine: string }
  | { readonly kind: 'cell-ended'; readonly result: CellResult | CopyResult }

/** An event of a certification, for a progress display. */
export type CertifyEvent = { readonly kind: 'check-ended'; readonly driver: string; readonly check: CheckResult }

/** How a run is watched and stopped. */
export interface RunControls {
  readonly onEvent: (event: RunEvent) => void
  /** No further cell or copy is begun after it. */
  readonly signal: AbortSignal
}

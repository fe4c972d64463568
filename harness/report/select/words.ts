import type { CellResult, Note, Transport } from '../../result/cell.ts'
import type { CheckResult } from '../../result/certificate.ts'
import type { CopyResult } from '../../result/copy.ts'
import type { Verdict } from '../../result/finding.ts'
import type { Result } from '../../result/result.ts'

/** A sign for each verdict, clear without colours too. */
export const MARKS: Readonly<Record<Verdict | CheckResult['verdict'], string>> = {
  upheld: '✓',
  refuted: '✗',
  'not-shown': '?',
  broken: '!',
  'not-offered': '-',
}

/** The heading of each kind of note. */
export const NOTES: Readonly<Record<Note['kind'], string>> = {
  'thinness-lost': 'Sparse is not the same as thin',
  'preallocation-lost': 'Preallocation does not survive',
}

const TRANSPORTS: Readonly<Record<Transport, string>> = { 'json-rpc': 'JSON-RPC', rest: 'REST' }

/** "JSON-RPC" or "REST": how a cell's destination was asked. */
export function transportOf({ transport = 'json-rpc' }: Pick<CellResult, 'transport'>): string {
  return TRANSPORTS[transport]
}

/** A line for a failure whose destination was not asked in the usual way. */
export function unusualTransport(of: CellResult | CopyResult): string[] {
  return 'transport' in of && of.transport === 'rest' ? [`the destination was asked over ${transportOf(of)}`] : []
}

/** "2 x uml 6.1.0". A run that no machine could be had for has none. */
export function machinesText(machines: Result['machines'], times = 'x'): string {
  if (machines.length === 0) return 'no machine'
  return `${machines.length} ${times} ${[...new Set(machines.map(({ kind, kernel }) => `${kind} ${kernel}`))].join(', ')}`
}

/** "47 s", "3.2 h", "5.0 days" */
export function duration(seconds: number): string {
  if (seconds < 120) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`
  if (seconds < 7200) return `${(seconds / 60).toFixed(0)} min`
  if (seconds < 172_800) return `${(seconds / 3600).toFixed(1)} h`
  return `${(seconds / 86_400).toFixed(1)} days`
}

/** One figure, or two bounds where they differ. */
export function bounds({ least, most }: { least: string; most: string }): string {
  return least === most ? least : `${least}-${most}`
}

/** The beginning of a text that is too long, and how much is left out. */
export function shortened(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most)} ... (${text.length - most} more characters)`
}

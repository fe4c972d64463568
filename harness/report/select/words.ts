import type { Note } from '../../result/cell.ts'
import type { CheckResult } from '../../result/certificate.ts'
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

import { makeBadge } from 'badge-maker'
import type { Verdict } from '../result/finding.ts'
import type { Result } from '../result/result.ts'

const LABEL = 'holeproof'
const COLOURS: Readonly<Record<Verdict, string>> = { upheld: 'brightgreen', refuted: 'red', 'not-shown': 'yellow', broken: 'orange' }

/** The run's verdict and counts as an SVG badge. */
export function badgeOf(result: Result): string {
  return `${makeBadge({ label: LABEL, message: messageOf(result), color: COLOURS[result.verdict] })}\n`
}

/** The same as JSON for the endpoint badge of shields.io. */
export function badgeEndpointOf(result: Result): string {
  const badge = { schemaVersion: 1, label: LABEL, message: messageOf(result), color: COLOURS[result.verdict] }
  return `${JSON.stringify(badge, null, 1)}\n`
}

function messageOf({ verdict, counts }: Result): string {
  const all = Object.values(counts).reduce((sum, count) => sum + count, 0)
  return `${verdict.replace('-', ' ')}, ${counts.upheld} of ${all}`
}

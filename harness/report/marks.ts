import type { ChalkInstance } from 'chalk'
import type { CheckResult } from '../result/certificate.ts'
import type { Verdict } from '../result/finding.ts'

export const MARKS: Record<Verdict | CheckResult['verdict'], string> = {
  upheld: '✓',
  refuted: '✗',
  'not-shown': '?',
  broken: '!',
  'not-offered': '-',
}

export function colourOf(verdict: Verdict | CheckResult['verdict'], chalk: ChalkInstance): ChalkInstance {
  return { upheld: chalk.green, refuted: chalk.red, 'not-shown': chalk.yellow, broken: chalk.magenta, 'not-offered': chalk.dim }[verdict]
}

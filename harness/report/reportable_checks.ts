import type { Certificate, CheckResult } from '../result/certificate.ts'

/** What is told of a driver check by check; of one that nobody came to, that alone. */
export function reportableChecks(certificate: Certificate): readonly Pick<CheckResult, 'id' | 'verdict' | 'text' | 'repeat' | 'seconds'>[] {
  const { checks, verdict, reason = '', repeat, seconds } = certificate
  return checks.length > 0 ? checks : [{ id: 'certified', verdict, text: reason, repeat, seconds }]
}

import type { Certificate, CheckResult, Counterexample } from '../../harness/result/certificate.ts'
import type { Result } from '../../harness/result/result.ts'
import { certificateVerdict, countVerdicts, overallVerdict } from '../../harness/result/verdicts.ts'
import { exampleResult } from './example_result.ts'

/** A check's result for the tests of what is made from it: upheld, but for what is given. */
export function exampleCheck(change: Partial<CheckResult> = {}): CheckResult {
  return {
    id: 'new-reads-zero',
    title: 'a new volume reads as zero on storage that holds old bytes',
    verdict: 'upheld',
    text: 'a new volume of 8 MiB, nothing written: all 8 MiB read as they should',
    repeat: 'scripts/certify --machine uml --seed 7 --only new-reads-zero lvm-thin',
    seconds: 0.42,
    ...change,
  }
}

export function exampleCounterexample(change: Partial<Counterexample> = {}): Counterexample {
  return {
    what: 'a new volume of 1 MiB, nothing written',
    sizeBytes: 1048576,
    actualBytes: 1048576,
    writes: [],
    wrongBytes: 1048570,
    first: { offset: 0, length: 1048576, wrong: 1048570, expected: 'zero', found: { what: 'poison' } },
    file: 'driver.py-1.sh',
    script: '#!/bin/sh\n',
    ...change,
  }
}

/** Makes the certificate of a driver whose checks are upheld unless given otherwise; its verdict follows from them. */
export function exampleCertificate(change: Partial<Certificate> = {}): Certificate {
  const { checks = [exampleCheck()] } = change
  return {
    driver: 'lvm-thin',
    kind: 'built-in',
    claim: true,
    claimReason: 'the destination reports sparse_copy_volume = true',
    verdict: certificateVerdict(checks),
    checks,
    counterexamples: [],
    machine: 'uml1',
    repeat: 'scripts/certify --machine uml --seed 7 lvm-thin',
    seconds: 12.5,
    ...change,
  }
}

/** A run that certified these drivers, with the counts that follow from them. */
export function exampleCertification(certificates: readonly Certificate[] = [exampleCertificate()], change: Partial<Result> = {}): Result {
  const counts = countVerdicts(certificates)
  return exampleResult([], { certificates: [...certificates], counts, verdict: overallVerdict(counts, change), ...change })
}

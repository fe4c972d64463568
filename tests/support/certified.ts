import { expect } from 'vitest'
import { type Candidate, findCandidate } from '../../harness/certify/candidate/candidate.ts'
import { type CertifyOptions, certify } from '../../harness/certify/certify.ts'
import { selectedMachine } from '../../harness/machine/selected_machine.ts'
import { assetPath } from '../../harness/paths.ts'
import type { Certificate } from '../../harness/result/certificate.ts'
import { isMeant } from '../../scripts/lib/cli/only.ts'
import type { BehaviourName } from './hostile/behaviours.ts'

const HOSTILE = assetPath('tests/support/hostile')

/** One of the drivers of hostile.py. `amount` is of what it does too much or too long. */
export function hostile(name: BehaviourName, amount?: number): Candidate {
  const words = [name, ...(amount === undefined ? [] : [`${amount}`])]
  return { kind: 'program', name, argv: ['/usr/bin/python3', '-S', '-E', '-m', 'hostile', ...words], cwd: HOSTILE }
}

/**
 * Certifies drivers, each given as one or as the command line takes it, with every check unless `only` says otherwise. Fails the test when anything is
 * left behind; returns the certificates in the order of the drivers.
 */
export async function certified(
  drivers: readonly (Candidate | string)[],
  options: Pick<CertifyOptions, 'signal'> & Partial<CertifyOptions>,
): Promise<readonly Certificate[]> {
  const { certificates, leaks } = await certify({
    candidates: drivers.map((driver) => (typeof driver === 'string' ? findCandidate(driver) : driver)),
    machine: selectedMachine,
    seed: 1,
    ...options,
  })
  expect.soft(leaks, 'left behind').toEqual([])
  return certificates
}

declare module 'vitest' {
  interface Matchers<T> {
    /** A check refutes the driver of a certificate. The check is named by its id or by the leading parts of it. */
    toBeRefutedBy: (check: string) => T
  }
}

expect.extend({
  toBeRefutedBy({ driver, checks }: Certificate, check: string) {
    const meant = checks.filter(({ id }) => isMeant(id, check))
    const seen = meant.map(({ id, verdict, text }) => `${id} is ${verdict}: ${text}`).join('\n')
    return {
      pass: meant.some(({ verdict }) => verdict === 'refuted'),
      message: () => `${driver}: ${check} ${this.isNot ? 'refutes it' : 'does not refute it'}\n${seen}`,
    }
  },
})

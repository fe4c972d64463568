import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findCandidate } from './certify/candidate/candidate.ts'
import { type CertifyOptions, openCertification, openPeers, openSession } from './certify/certify.ts'
import type { Check } from './certify/checks/check.ts'
import { listChecks } from './certify/checks/list_checks.ts'
import type { Peers } from './certify/session/peers.ts'
import type { MachineKind } from './machine/machine.ts'
import { selectedMachine } from './machine/selected_machine.ts'
import type { Limits } from './protocol/volume_service.ts'
import type { CheckResult } from './result/certificate.ts'
import type { Session } from './testbed/session.ts'

export interface DescribeDriverOptions {
  /** Arguments of a driver that is a program. */
  readonly args?: readonly string[]
  /** Other drivers to migrate from and to, as for the driver itself. */
  readonly peers?: readonly string[]
  /** Passed to the driver in do_setup. */
  readonly options?: Readonly<Record<string, string>>
  /** The storage that the driver is given, in bytes; default 128 MiB. */
  readonly storageBytes?: number
  readonly limits?: Limits
  /** Default: the value of `HOLEPROOF_MACHINE`, else `uml`. */
  readonly machine?: MachineKind
  /** The kernel of UML guests: a version, or `distribution`. Default: the value of `HOLEPROOF_KERNEL`, else the newest installed. */
  readonly kernel?: string
  readonly seed?: number
}

const CHECK_SECONDS = 600

/**
 * Certifies a driver within a project's own vitest suite, with a test for each check, on real storage. `driver` is a built-in
 * name, a module's path or a program, as for the command `certify`. The command `setup` must have prepared the machine.
 */
export function describeDriver(driver: string, options: DescribeDriverOptions = {}): void {
  const { args = [], peers: named = [], machine, kernel, ...conditions } = options
  const candidate = findCandidate(driver, args)
  const peers = named.map((peer) => findCandidate(peer))
  const stop = new AbortController()
  const all: CertifyOptions = {
    seed: 1,
    ...conditions,
    machine: { ...selectedMachine, ...(machine !== undefined && { kind: machine }), ...(kernel !== undefined && { kernel }) },
    candidates: [candidate],
    peers,
    signal: stop.signal,
    repeat: (_, check) => `vitest -t ${JSON.stringify(check ?? candidate.name)}`,
  }
  describe(candidate.name, () => {
    let opened: { session: Session; peers: Peers; certification: ReturnType<typeof openCertification> } | undefined
    let installed: Promise<CheckResult> | undefined
    const checks = listChecks(peers)

    beforeAll(async () => {
      const session = await openSession(all)
      const [testBed] = session.testBeds
      if (testBed === undefined) throw new Error('a session has at least one test bed')
      const peers = openPeers(testBed, all)
      opened = { session, peers, certification: openCertification(testBed, candidate, peers, all) }
    })

    /** Runs a check, and sets the driver up before it even if the test of its setup was not selected. */
    async function run(check: Check): Promise<CheckResult | undefined> {
      const [setsUp] = checks
      if (opened === undefined || setsUp === undefined) return undefined
      installed ??= opened.certification.run(setsUp)
      const result = await installed
      return check === setsUp || result.verdict !== 'upheld' ? result : opened.certification.run(check)
    }

    for (const check of checks) {
      test(`${check.id}: ${check.title}`, { timeout: CHECK_SECONDS * 1000 }, async ({ skip }) => {
        const result = await run(check)
        if (result?.verdict === 'not-shown' || result?.verdict === 'not-offered') skip(result.text)
        expect(result?.verdict, result?.text).toBe('upheld')
      })
    }

    afterAll(async () => {
      stop.abort()
      if (opened === undefined) return
      const left = [...(await opened.certification.close()), ...(await opened.peers.close()), ...(await opened.session.close())]
      expect(left, 'left behind').toEqual([])
    })
  })
}

import { join } from 'node:path'
import { withDir } from 'tmp-promise'
import { expect, test } from 'vitest'
import { AdapterFault } from '../errors.ts'
import type { Helper } from '../helper/client.ts'
import { Lab } from '../lab/lab.ts'
import { openNative } from '../machine/native.ts'
import type { TestBed } from '../testbed/test_bed.ts'
import type { Candidate } from './candidate/candidate.ts'
import { Certification, type CertificationOptions } from './certification.ts'
import { type Check, type CheckOutcome, refuted, upheld } from './checks/check.ts'
import { DriverUnderTest } from './session/driver_under_test.ts'
import { Peers } from './session/peers.ts'

const candidate: Candidate = { kind: 'built-in', name: 'lvm-thin', driver: 'lvm-thin' }
const options: CertificationOptions = { only: () => true, seconds: 60, searchSeconds: 0, repeat: () => '' }
const conditions = { storageBytes: 0, limits: { askSeconds: 1, verbSeconds: 1 }, options: {} }
const LEAK = 'could not release the instance: still in use'

/** A check that works in a lab of its own, which cannot be released. */
function leaving(work: () => CheckOutcome): Check {
  return {
    id: 'leaves-something',
    title: 'something stays',
    run: (driver) =>
      driver.withLab((lab) =>
        lab.own(
          'the instance',
          async () => work(),
          async () => {
            throw new Error('still in use')
          },
        ),
      ),
  }
}

/** Runs one check, which asks nothing of the driver, and closes the installation. */
async function certified(check: Check, adapterFaults: AdapterFault[] = []) {
  return withDir(
    async ({ path }) => {
      const helper: Partial<Helper> = { inventory: async () => ({ dmDevices: [], deviceFolders: [], loops: [], mounts: [] }) }
      const machine = openNative('here', path)
      const lab = await Lab.open({ machine, helper: helper as Helper, prefix: 'holeproof_1', folder: join(path, 'lab'), seed: 1 })
      const testBed = { machine, lab, adapterFaults } as Partial<TestBed> as TestBed
      const certification = new Certification(candidate, [check], options)
      const driver = new DriverUnderTest(testBed, candidate, new Peers(testBed, [], conditions), conditions)
      const { verdict, text, trace } = await certification.run(check, driver)
      const leaks = await certification.close(driver)
      expect(await lab.release()).toEqual([])
      return { check: { verdict, text, ...(trace !== undefined && { trace }) }, leaks, certificate: certification.certificate('') }
    },
    { unsafeCleanup: true },
  )
}

test("a leak of a check's own lab is a leak of the run, and breaks the certificate", async () => {
  const { check, leaks, certificate } = await certified(leaving(() => upheld('every write is there')))

  expect(check).toEqual({ verdict: 'upheld', text: 'every write is there' })
  expect(leaks).toEqual([LEAK])
  expect(certificate).toMatchObject({ verdict: 'broken', reason: LEAK })
})

test('also when the check fails, whose own error is kept', async () => {
  const { check, leaks } = await certified(
    leaving(() => {
      throw new Error('the instance did not start')
    }),
  )

  expect(check).toEqual({ verdict: 'broken', text: 'holeproof itself failed: the instance did not start' })
  expect(leaks).toEqual([LEAK])
})

test.each([
  ['would be upheld', upheld('an error, as it should be')],
  ['would refute the driver', refuted('the volume is not there')],
])('a check in which the adapter failed is broken, also one that %s', async (_, outcome) => {
  const faults: AdapterFault[] = [new AdapterFault('of an earlier check')]
  const failing: Check = {
    id: 'errors-are-errors',
    title: 'what cannot be done is an error',
    run: async () => {
      faults.push(new AdapterFault('no such table: volumes', 'line 1\nline 2'))
      return outcome
    },
  }
  const { check, certificate } = await certified(failing, faults)

  expect(check).toEqual({ verdict: 'broken', text: 'no such table: volumes', trace: 'line 1\nline 2' })
  expect(certificate.verdict).toBe('broken')
})

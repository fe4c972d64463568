import { expect, test } from 'vitest'
import { findCandidate } from '../harness/certify/candidate/candidate.ts'
import { GiB } from '../harness/units.ts'
import { certified } from '../tests/support/certified.ts'

const TO_THICK = 'migrate-out/driver/cinder:lvm-thick'

// LVMVolumeDriver.migrate_volume copies by the claim of the source; the destination, which claims false, is not asked.
test("Cinder's own LVM driver moves a thin volume to a thick group sparsely, over stale bytes", { timeout: 600_000 }, async ({
  signal,
}) => {
  const [certificate] = await certified(['cinder:lvm-thin'], {
    peers: [findCandidate('cinder:lvm-thick')],
    storageBytes: 4.5 * GiB,
    limits: { askSeconds: 60, verbSeconds: 300 },
    only: (id) => id === 'report-well-formed' || id === TO_THICK,
    // Each smaller case would need gigabytes of its own.
    searchSeconds: 0,
    signal,
  })

  expect(certificate).toMatchObject({ claim: true, verdict: 'refuted' })
  const verdicts = certificate?.checks.filter(({ verdict }) => verdict !== 'not-shown').map(({ id, verdict }) => [id, verdict])
  expect(verdicts).toEqual([
    ['sets-up', 'upheld'],
    ['report-well-formed', 'upheld'],
    [TO_THICK, 'refuted'],
  ])
  const moved = certificate?.checks.find(({ id }) => id === TO_THICK)
  expect(moved?.text).toContain('moved by the driver, full (claimed-false)')
  expect(moved?.wrong).toMatchObject({ first: { expected: 'zero', found: { what: 'poison' } } })
})

import { expect, test } from 'vitest'
import { findCandidate } from '../harness/certify/candidate/candidate.ts'
import { assetPath } from '../harness/paths.ts'
import type { Certificate } from '../harness/result/certificate.ts'
import { GiB } from '../harness/units.ts'
import { certified } from '../tests/support/certified.ts'

const MIGRATE = 'migrate-out/driver'
const TO_THICK = `${MIGRATE}/cinder:lvm-thick`

// LVMVolumeDriver.migrate_volume copies by the claim of the source; the destination, which claims false, is not asked.
test("Cinder's own LVM driver moves a thin volume to a thick group sparsely, over stale bytes", { timeout: 600_000 }, async ({
  signal,
}) => {
  const certificate = await moved('cinder:lvm-thin', 'cinder:lvm-thick', signal)

  expect(certificate).toMatchObject({ claim: true, verdict: 'refuted' })
  const verdicts = certificate?.checks.filter(({ verdict }) => verdict !== 'not-shown').map(({ id, verdict }) => [id, verdict])
  expect(verdicts).toEqual([
    ['sets-up', 'upheld'],
    ['report-well-formed', 'upheld'],
    [TO_THICK, 'refuted'],
  ])
  const check = certificate?.checks.find(({ id }) => id === TO_THICK)
  expect(check?.text).toContain('moved by the driver, asked for a full copy (claimed-false)')
  expect(check?.wrong).toMatchObject({ first: { expected: 'zero', found: { what: 'poison' } } })
})

test('a driver derived from it that asks the destination moves the same volume whole', { timeout: 600_000 }, async ({ signal }) => {
  const ours = (section: string) => `cinder:${assetPath('examples/drivers/cinder/cinder.conf')}:${section}`
  const certificate = await moved(ours('lvm-thin'), ours('lvm-thick'), signal)

  expect(certificate?.checks.find(({ id }) => id.startsWith(MIGRATE) && id.endsWith(':lvm-thick'))).toMatchObject({
    verdict: 'upheld',
    text: expect.stringContaining('moved by the driver, asked for a full copy (claimed-false): all 1 GiB intact'),
  })
})

/** Has a driver of Cinder's move a volume to another one. */
async function moved(source: string, destination: string, signal: AbortSignal): Promise<Certificate | undefined> {
  const [certificate] = await certified([source], {
    peers: [findCandidate(destination)],
    storageBytes: 4.5 * GiB,
    limits: { askSeconds: 60, verbSeconds: 300 },
    only: (id) => id === 'report-well-formed' || id === `${MIGRATE}/${destination}`,
    // Each smaller case would need gigabytes of its own.
    searchSeconds: 0,
    signal,
  })
  return certificate
}

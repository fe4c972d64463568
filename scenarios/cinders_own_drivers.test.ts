import { expect, test } from 'vitest'
import { findCandidate } from '../harness/certify/candidate/candidate.ts'
import { assetPath } from '../harness/paths.ts'
import { GiB } from '../harness/units.ts'
import { certified } from '../tests/support/certified.ts'

const MIGRATE = 'migrate-out/driver'
const CONFIGURATION = assetPath('examples/drivers/cinder/cinder.conf')
/** Drivers, each with the one that it moves a volume to. */
const DESTINATIONS = {
  'cinder:lvm-thin': 'cinder:lvm-thick',
  [`cinder:${CONFIGURATION}:lvm-thin`]: `cinder:${CONFIGURATION}:lvm-thick`,
}

// LVMVolumeDriver.migrate_volume copies by the claim of the source; the destination, which claims false, is not asked. A driver that is
// derived from it asks.
test("Cinder's own LVM driver moves a thin volume to a thick group sparsely, over stale bytes; one that asks moves it whole", {
  timeout: 600_000,
}, async ({ signal }) => {
  const destinations = new Map(Object.entries(DESTINATIONS).map(([source, to]) => [findCandidate(source).name, findCandidate(to)]))
  const toItsOwn = (name: string) => `${MIGRATE}/${destinations.get(name)?.name}`

  const [cinders, asking] = await certified(Object.keys(DESTINATIONS), {
    peers: [...destinations.values()],
    storageBytes: 3.5 * GiB,
    limits: { askSeconds: 60, verbSeconds: 300 },
    only: (id, { name }) => id === 'report-well-formed' || id === toItsOwn(name),
    // Each smaller case would need gigabytes of its own.
    searchSeconds: 0,
    signal,
  })

  const toThick = `${MIGRATE}/cinder:lvm-thick`
  expect(cinders).toMatchObject({ claim: true, verdict: 'refuted' })
  const verdicts = cinders?.checks.filter(({ verdict }) => verdict !== 'not-shown').map(({ id, verdict }) => [id, verdict])
  expect(verdicts).toEqual([
    ['sets-up', 'upheld'],
    ['report-well-formed', 'upheld'],
    [toThick, 'refuted'],
  ])
  expect(cinders?.checks.find(({ id }) => id === toThick)).toMatchObject({
    text: expect.stringContaining('moved by the driver, asked for a full copy (claimed-false)'),
    wrong: { first: { expected: 'zero', found: { what: 'poison' } } },
  })
  expect(asking?.checks.find(({ id }) => id === toItsOwn(asking.driver))).toMatchObject({
    verdict: 'upheld',
    text: expect.stringContaining('moved by the driver, asked for a full copy (claimed-false): all 1 GiB intact'),
  })
})

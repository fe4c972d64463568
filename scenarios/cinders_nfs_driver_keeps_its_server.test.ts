import { expect, test } from 'vitest'
import { GiB } from '../harness/units.ts'
import { certified } from '../tests/support/certified.ts'

// Its NFS server stands for another machine: it has to outlive a driver that is killed. Snapshots are turned off in cinder.conf, which is
// no failure. A larger clone keeps its origin's size, which is one.
test("Cinder's NFS driver keeps its volumes when it is killed, offers no snapshots, and does not make clones larger", {
  timeout: 900_000,
}, async ({ signal }) => {
  const CHECKS = ['survives-crash', 'snapshot-is-not-new', 'clone-is-not-new']

  const [nfs] = await certified(['cinder:nfs'], {
    limits: { askSeconds: 60, verbSeconds: 300 },
    storageBytes: 4.5 * GiB,
    only: (id) => CHECKS.includes(id),
    searchSeconds: 0,
    signal,
  })

  const seen = nfs?.checks.filter(({ id }) => CHECKS.includes(id)).map(({ id, verdict, cause }) => [id, verdict, cause])
  expect(seen).toHaveLength(CHECKS.length)
  expect(seen).toEqual(
    expect.arrayContaining([
      ['survives-crash', 'upheld', undefined],
      ['snapshot-is-not-new', 'not-offered', undefined],
      ['clone-is-not-new', 'refuted', 'too-small'],
    ]),
  )
})

import { expect, test } from 'vitest'
import { certified, hostile } from '../../tests/support/certified.ts'

const SOILING = ['signatures-on-storage', 'signatures-stay-bytes']
const LATER = ['migrate-in/host/lvm-thin', 'two-at-once', 'extend-keeps']

test('a driver that fails on the signatures of other data is not refuted by the checks after those that wrote them', async ({ signal }) => {
  const [certificate] = await certified([hostile('refuses-to-wipe')], {
    only: (id) => [...SOILING, ...LATER].includes(id),
    searchSeconds: 0,
    signal,
  })

  const refuted = certificate?.checks.filter(({ verdict }) => verdict === 'refuted').map(({ id }) => id)
  expect(refuted).toContain('signatures-on-storage')
  expect(refuted?.filter((id) => !SOILING.includes(id))).toEqual([])
  const later = certificate?.checks.filter(({ id }) => LATER.includes(id)).map(({ verdict }) => verdict)
  expect(later?.filter((verdict) => verdict === 'upheld').length).toBeGreaterThan(1)
})

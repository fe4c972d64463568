import { expect, test } from 'vitest'
import { isMeant } from '../../scripts/lib/cli/only.ts'
import { certified, hostile } from '../../tests/support/certified.ts'

const PEER = 'small-storage'
const WITH_PEER = [`migrate-in/host/${PEER}`, `migrate-in/driver/${PEER}`, `migrate-out/driver/${PEER}`]

// A driver that moves by itself gets its error from the peer's storage, one that does not leaves it to the host.
test.each(['moves', 'sound'] as const)("a peer that has no room is not the fault of the driver '%s'", async (driver) => {
  const [certificate] = await certified([hostile(driver)], {
    peers: [hostile(PEER)],
    only: (id) => WITH_PEER.some((check) => isMeant(id, check)),
    searchSeconds: 0,
  })

  const checks = certificate?.checks.filter(({ id }) => WITH_PEER.includes(id)) ?? []
  expect(checks.map(({ id, verdict }) => `${id} ${verdict}`)).toEqual(WITH_PEER.map((id) => `${id} not-shown`))
  for (const { text } of checks) expect(text).toMatch(/^the peer small-storage.*no space left on device/i)
  expect(checks.at(-1)?.text).toMatch(/the source is whole and nothing is left on the destination/)
})

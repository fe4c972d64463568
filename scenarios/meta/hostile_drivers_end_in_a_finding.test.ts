import { expect, test } from 'vitest'
import { STORAGE_BYTES } from '../../harness/certify/certify.ts'
import { printable } from '../../harness/result/describe.ts'
import { isMeant } from '../../scripts/lib/cli/only.ts'
import { certified, hostile } from '../../tests/support/certified.ts'
import { type BehaviourName, behaviours, upheldBy } from '../../tests/support/hostile/behaviours.ts'

const LIMITS = { askSeconds: 2, verbSeconds: 5 }
/** Those that answer too late must not be waited for much longer, in seconds. */
const AMOUNTS: Partial<Record<BehaviourName, number>> = { 'slow-capabilities': 3, 'late-true': 3 }
/** The longest that a driver may keep its judge: three calls that time out, and new storage for the checks after them. */
const MOST_SECONDS = 90
/** The checks that run for those that break no rule, and in which a driver is asked for all that the protocol may be broken by. */
const BASIC = ['sets-up', 'paths-are-its-own', 'speaks-protocol']
const ALWAYS = ['leaves-nothing-behind']

const names = Object.keys(behaviours) as BehaviourName[]

// One run for all of them, on as many machines as there are: each is judged within its time and none disturbs the next.
test(`${names.length} hostile and broken drivers: each ends in its finding, and nothing is left of it`, { timeout: 900_000 }, async ({
  signal,
}) => {
  const drivers = names.map((name) => hostile(name, AMOUNTS[name]))
  const certificates = await certified(drivers, {
    storageBytes: STORAGE_BYTES / 4,
    limits: LIMITS,
    // counterexamples_show_themselves searches for the smallest ones.
    searchSeconds: 0,
    only: (id, { name }) => {
      const { [name as BehaviourName]: refuting } = behaviours
      const { [name as BehaviourName]: upholding = '' } = upheldBy
      return [...ALWAYS, ...(refuting === '' || BASIC.includes(refuting) ? BASIC : []), refuting, upholding].some(
        (check) => check !== '' && isMeant(id, check),
      )
    },
    signal,
  })

  expect(certificates.map(({ driver }) => driver)).toEqual(names)
  for (const certificate of certificates) {
    const { driver, checks, seconds } = certificate
    const check = behaviours[driver as BehaviourName]
    const upholding = upheldBy[driver as BehaviourName]
    if (upholding !== undefined)
      expect
        .soft(
          checks.filter(({ id, verdict }) => isMeant(id, upholding) && verdict !== 'upheld'),
          `checks that do not uphold ${driver}`,
        )
        .toEqual([])
    if (check === '')
      expect
        .soft(
          checks.filter(({ verdict }) => verdict === 'refuted'),
          `checks that refute ${driver}`,
        )
        .toEqual([])
    else expect.soft(certificate).toBeRefutedBy(check)
    expect.soft(seconds, `seconds of ${driver}`).toBeLessThanOrEqual(MOST_SECONDS)
    expect
      .soft(
        checks.filter(({ verdict }) => verdict === 'broken'),
        `broken checks of ${driver}`,
      )
      .toEqual([])
    expect
      .soft(
        checks.filter(({ text }) => text === '' || printable(text) !== text),
        `unprintable texts of ${driver}`,
      )
      .toEqual([])
  }
})

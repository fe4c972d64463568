import { describe, expect, test } from 'vitest'
import type { Difference } from '../../result/bytes.ts'
import { MiB } from '../../units.ts'
import type { Experiment, Reading } from './cases.ts'
import { judgeReadings, readsZero, wastedSpace } from './reads_zero.ts'

const SIZE = 8 * MiB
const experiment: Experiment = { kind: 'new', reused: false, volumes: 1, sizeBytes: SIZE, writes: [{ offset: 0, length: 512 }] }
const several: Experiment = { ...experiment, volumes: 3 }
const STALE: Difference = { offset: 4096, length: 1024, wrong: 1000, expected: 'zero', found: { what: 'poison' } }
const LOST: Difference = { offset: 0, length: 512, wrong: 510, expected: 'data', found: { what: 'zero' } }
const GARBLED: Difference = { ...LOST, found: { what: 'noise' } }

describe('readings of new volumes', () => {
  test.each([true, false])('uphold the driver where every byte is right (claim %s)', (claim) => {
    expect(judgeReadings(claim, experiment, [reading(1, [])])).toEqual({
      verdict: 'upheld',
      readZero: true,
      text: 'a new volume of 8 MiB, 512 bytes written at byte 0: all 8 MiB read as they should',
    })
  })

  test('say how many bytes of all volumes were read', () => {
    expect(judgeReadings(true, several, [reading(1, []), reading(2, [])]).text).toMatch(/all 16 MiB read/)
  })

  test('refute a claim by stale bytes: how many, where, and what showed it', () => {
    const outcome = judgeReadings(true, experiment, [reading(1, [STALE])])

    expect(outcome).toMatchObject({ verdict: 'refuted', readZero: false, wrong: { count: 1000, first: STALE }, shownBy: experiment })
    expect(outcome.text).toMatch(/^a new volume of 8 MiB, .*: 1000 of 8388608 bytes are wrong, first at byte 4096: .*poison/)
  })

  test('only tell of stale bytes where nothing is claimed', () => {
    const outcome = judgeReadings(false, experiment, [reading(1, [STALE])])

    expect(outcome).toMatchObject({ verdict: 'upheld', readZero: false })
    expect(outcome.text).toMatch(/^nothing is promised; .*1000 of 8388608 bytes are wrong, first at byte 4096/)
  })

  test.each([
    ['zeros in its place, claimed', true, LOST],
    ['zeros in its place, not claimed', false, LOST],
    ['noise in its place, claimed', true, GARBLED],
    ['noise in its place, not claimed', false, GARBLED],
  ])('refute the driver by a byte of written data that is lost: %s', (_, claim, difference) => {
    expect(judgeReadings(claim, experiment, [reading(1, [difference])])).toMatchObject({ verdict: 'refuted', wrong: { first: difference } })
  })

  test('refute the driver by lost data also behind stale bytes that are no fault', () => {
    const lost = { ...LOST, offset: MiB }
    const outcome = judgeReadings(false, experiment, [reading(1, [STALE, lost])])

    expect(outcome).toMatchObject({ verdict: 'refuted', wrong: { count: lost.wrong, first: lost } })
    expect(outcome.text).toContain('510 of 8388608 bytes are wrong, first at byte 1048576')
  })

  test('refute the driver by lost data also in a volume behind one with stale bytes', () => {
    const outcome = judgeReadings(false, several, [reading(1, [STALE]), reading(2, []), reading(3, [LOST])])

    expect(outcome).toMatchObject({ verdict: 'refuted', wrong: { first: LOST } })
    expect(outcome.text).toContain('volume 3: 510 of')
  })

  test('lead to no search for stale bytes where they are no fault', () => {
    expect(judgeReadings(false, experiment, [reading(1, [STALE, LOST])])).not.toHaveProperty('shownBy')
  })

  test('name the volume, of several, and not the only one', () => {
    expect(judgeReadings(true, several, [reading(1, []), reading(2, [STALE]), reading(3, [STALE])]).text).toContain('volume 2: 1000 of')
    expect(judgeReadings(true, experiment, [reading(1, [STALE])]).text).not.toContain('volume 1')
  })

  test('count against the size that the volume came out with', () => {
    expect(judgeReadings(true, experiment, [{ ...reading(1, [STALE]), actualBytes: 9 * MiB }]).text).toContain(`of ${9 * MiB} bytes`)
  })
})

test('each check of new volumes has an id and a title of its own', () => {
  expect(new Set(readsZero.map(({ id }) => id)).size).toBe(readsZero.length)
  expect(new Set(readsZero.map(({ title }) => title)).size).toBe(readsZero.length)
  expect(readsZero.map(({ id }) => id)).toEqual(
    expect.arrayContaining(['512', '4k', '64k', '1m'].map((grain) => `partial-writes-read-zero/${grain}`)),
  )
})

describe('wasted space', () => {
  const all = new Map(readsZero.map(({ id }) => [id, true]))
  const not = (id: string, value: boolean | undefined) =>
    new Map([...all].flatMap(([check, zero]) => (check !== id ? [[check, zero]] : value === undefined ? [] : [[check, value]])))

  test('is noted where all of these checks read zeros, also where the driver cannot extend', () => {
    expect(wastedSpace(all)).toMatch(`in all ${readsZero.length} checks`)
    expect(wastedSpace(not('extended-reads-zero', undefined))).toMatch(`in all ${readsZero.length - 1} checks`)
  })

  test('is not noted where one of them did not, or did not run', () => {
    expect(wastedSpace(not('extended-reads-zero', false))).toBeUndefined()
    expect(wastedSpace(not('reused-reads-zero', false))).toBeUndefined()
    expect(wastedSpace(not('reused-reads-zero', undefined))).toBeUndefined()
  })
})

function reading(volume: number, differences: readonly Difference[]): Reading {
  const wrongBytes = differences.reduce((sum, { wrong }) => sum + wrong, 0)
  return {
    volume,
    name: `volume-${volume}`,
    actualBytes: SIZE,
    verification: { checkedBytes: SIZE, wrongBytes, differences, moreDifferences: 0 },
  }
}

import { describe, expect, test } from 'vitest'
import { exampleCertificate, exampleCertification, exampleCheck } from '../../tests/support/example_certificate.ts'
import { publishedSchema } from '../../tests/support/published_schema.ts'
import { cindersMarkdown } from '../report/markdown/cinders.ts'
import { cindersReport } from '../report/terminal/cinders.ts'
import type { CheckResult } from './certificate.ts'
import { type CinderRun, cindersSchema, cindersStatusOf, compareCinders } from './cinders.ts'

const DRIVER = 'cinder:lvm-thin'
const on = (cinder: string, ...checks: CheckResult[]): CinderRun => ({
  cinder,
  result: exampleCertification([exampleCertificate({ driver: DRIVER, kind: 'cinder', checks })]),
})
const compare = (...runs: CinderRun[]) => compareCinders(runs, (cinder) => `cinder-${cinder}`)
const good = exampleCheck({ id: 'a' })
const bad = exampleCheck({ id: 'a', verdict: 'refuted', cause: 'stale', text: '5 bytes are wrong', repeat: 'scripts/certify --only a' })
const lost = exampleCheck({ ...bad, cause: 'lost-write' })
const broken = exampleCheck({ id: 'a', verdict: 'broken', text: 'no such table: volumes' })
const left = exampleCheck({ id: 'a', verdict: 'not-shown', text: 'left out' })
const mixed = compare(on('21.3.1', bad, exampleCheck({ id: 'b' })), on('26.0.0', bad, exampleCheck({ id: 'b' })), on('/src/cinder', good))

// `vitest run -u` writes it anew after a change of the shape.
test('the published schema is the one of runs on several Cinders', async () => {
  await expect(`${JSON.stringify(publishedSchema(cindersSchema), null, 2)}\n`).toMatchFileSnapshot('../../schemas/cinders.schema.json')
})

describe('Cinders side by side', () => {
  test('have the shape of the schema', () => {
    expect(cindersSchema.parse(mixed)).toEqual(mixed)
  })

  test('have each check with what each of them showed', () => {
    const [driver] = mixed.drivers

    expect(driver?.checks.map(({ id, seen }) => [id, seen.map(({ cinder, verdict }) => `${cinder} ${verdict}`)])).toEqual([
      ['a', ['21.3.1 refuted', '26.0.0 refuted', '/src/cinder upheld']],
      ['b', ['21.3.1 upheld', '26.0.0 upheld']],
    ])
  })

  test('have no check that was left out', () => {
    expect(compare(on('21.3.1', left)).drivers).toEqual([{ driver: DRIVER, checks: [] }])
  })

  test.each([
    ['a verdict', [good, bad], true],
    ['the cause of a refutation', [bad, lost], true],
    ['what was seen in other words', [bad, { ...bad, text: '6 bytes are wrong' }], false],
    ['what a lab that broke did not show', [good, broken], false],
    ['what one alone showed', [bad], false],
  ])('differ in %s: %#', (_, checks, differs) => {
    const { drivers } = compare(...checks.map((check, index) => on(`${index}`, check)))

    expect(drivers[0]?.checks[0]?.differs).toBe(differs)
  })

  test.each([
    ['upheld', [on('1', good), on('2', good)]],
    ['broken', [on('1', good), on('2', broken)]],
    ['refuted', [on('1', bad), on('2', broken)]],
  ] as const)('are %s', (status, runs) => {
    expect(cindersStatusOf(runs)).toBe(status)
    expect(compare(...runs).verdict).toBe(status)
  })
})

describe('the report of several Cinders', () => {
  test('fits a terminal, and tells what differs', () => {
    const text = cindersReport({ cinders: mixed, status: 'refuted' }, false)

    expect(text).toMatchInlineSnapshot(`
      "cinder:lvm-thin
      check                                                     21.3.1 26.0.0 cinder
      a                                                         ✗      ✗      ✓      ≠
      b                                                         ✓      ✓

      ✓ upheld   ✗ refuted   ? not-shown   ! broken   - not-offered   ≠ they differ

      cinder:lvm-thin a: the Cinders differ
        ✗ refuted on 21.3.1, 26.0.0
          5 bytes are wrong
          repeat: scripts/certify --only a
        ✓ upheld on cinder
          a new volume of 8 MiB, nothing written: all 8 MiB read as they should

      ✗ REFUTED  1 driver on 3 Cinders; 1 of 2 checks differs
        183.8 s; seed 7
      "
    `)
    expect(Math.max(...text.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(80)
  })

  test('is a table on the page of a job', () => {
    const text = cindersMarkdown({ cinders: mixed, status: 'refuted' })

    expect(text).toContain('| `a` | ✗ | ✗ | ✓ | they differ |')
    expect(text).toContain('| `a` | 21.3.1, 26.0.0 | refuted | `5 bytes are wrong` | `scripts/certify --only a` |')
  })
})

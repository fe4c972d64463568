import { describe, expect, test } from 'vitest'
import { exampleCertificate, exampleCertification, exampleCheck } from '../../tests/support/example_certificate.ts'
import { exampleCell, exampleResult } from '../../tests/support/example_result.ts'
import { runOutcomeOf } from '../result/run_outcome.ts'
import { annotationsOf, withoutCommands } from './annotations.ts'

const failing = (id: string, text = '4096 bytes are wrong') =>
  exampleCell({ id, verdict: 'refuted', findings: [{ check: 'bytes', ok: false, text }], repeat: `scripts/verify --only ${id}` })

describe('annotations', () => {
  test('are none of a run without failures', () => {
    expect(annotationsOf(exampleResult())).toEqual([])
  })

  test('tell each failure with the command that repeats it', () => {
    expect(annotationsOf(exampleResult([exampleCell(), failing('host/a')]))).toEqual([
      '::error title=refuted%3A host/a::bytes: 4096 bytes are wrong%0Arepeat: scripts/verify --only host/a',
    ])
  })

  test('tell refutations first, then what broke, and what was left behind last', () => {
    const cells = [exampleCell({ id: 'host/b', verdict: 'broken', reason: 'the guest died', findings: [] }), failing('host/a')]
    const titles = annotationsOf(exampleResult(cells, { leaks: ['/dev/loop1'] })).map((line) => line.split('::')[1])

    expect(titles).toEqual(['error title=refuted%3A host/a', 'error title=broken%3A host/b', 'error title=broken%3A left behind'])
  })

  test('tell what fails the run as a whole, and that alone', () => {
    const cells = [exampleCell(), exampleCell({ id: 'host/b', verdict: 'not-shown', reason: 'no such kernel', findings: [] })]
    const result = exampleResult(cells)

    expect(annotationsOf(result)).toEqual([])
    expect(annotationsOf(result, runOutcomeOf(result, { strict: true }))).toEqual([
      '::error title=refuted%3A the run as a whole::1 could not be shown, which fails a strict run',
    ])
  })

  test("tell a driver's failed check", () => {
    const checks = [exampleCheck({ verdict: 'refuted', text: 'it answered late' })]
    const [line] = annotationsOf(exampleCertification([exampleCertificate({ checks })]))

    expect(line).toContain('title=refuted%3A lvm-thin new-reads-zero::it answered late%0A')
  })

  test('are escaped as the workflow commands want it', () => {
    const [line] = annotationsOf(exampleResult([failing('a:b,c%', '50% wrong,\r\n::set-output name=x::y')]))

    expect(line).toContain('title=refuted%3A a%3Ab%2Cc%25::bytes: 50%25 wrong,\\u000d%0A::set-output name=x::y%0A')
    expect(line?.split('\n')).toHaveLength(1)
  })

  test.each([
    [10, 10, 'refuted%3A host/9'],
    [11, 10, '2 more'],
    [300, 10, '291 more'],
  ])('of %i failures are %i, the last of them %s', (failures, lines, last) => {
    const cells = Array.from({ length: failures }, (_, index) => failing(`host/${index}`))
    const annotations = annotationsOf(exampleResult(cells))

    expect(annotations).toHaveLength(lines)
    expect(annotations.at(-1)).toContain(`title=${last}`)
  })

  test('are shortened', () => {
    const [line] = annotationsOf(exampleResult([failing('host/a', 'x'.repeat(9000))]))
    expect(line?.length).toBeLessThan(1200)
  })
})

test("a report is kept from being taken for GitHub's commands until its last line", () => {
  expect(withoutCommands('::error::from a driver', 'token')).toBe('::stop-commands::token\n::error::from a driver\n::token::\n')
})

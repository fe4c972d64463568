import { XMLParser, XMLValidator } from 'fast-xml-parser'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { exampleCertificate, exampleCertification, exampleCheck } from '../../tests/support/example_certificate.ts'
import { exampleCell, exampleResult } from '../../tests/support/example_result.ts'
import type { CellResult } from '../result/cell.ts'
import type { Result } from '../result/result.ts'
import { type RunOutcome, runOutcomeOf } from '../result/run_outcome.ts'
import { notShownDriver } from '../result/verdicts.ts'
import { junitOf } from './junit.ts'

// Strict, so that nothing is written that Jenkins' schema does not know.
const troubleSchema = z.strictObject({ '@type': z.string(), '@message': z.string(), '#text': z.string() })
const caseSchema = z.strictObject({
  '@name': z.string(),
  '@classname': z.string(),
  '@time': z.string(),
  failure: troubleSchema.optional(),
  error: troubleSchema.optional(),
  skipped: z.strictObject({ '@message': z.string() }).optional(),
})
const count = z.string().regex(/^\d+$/)
const totals = {
  '@name': z.string(),
  '@tests': count,
  '@failures': count,
  '@errors': count,
  // The schema knows no exponent.
  '@time': z.string().regex(/^\d+\.\d{3}$/),
}
const suiteSchema = z.strictObject({
  ...totals,
  '@skipped': count,
  '@timestamp': z.iso.datetime(),
  properties: z.strictObject({ property: z.array(z.strictObject({ '@name': z.string(), '@value': z.string() })) }),
  testcase: z.array(caseSchema),
})

const REPEAT = 'scripts/verify --seed 7 --only "host/a b"'
const upheld = exampleCell()
const refuted = exampleCell({
  id: 'host/lvm-thin/lvm-thick/mixed',
  verdict: 'refuted',
  repeat: REPEAT,
  findings: [
    { check: 'migrated', ok: true, text: 'migrated by the host' },
    { check: 'bytes', ok: false, text: '4096 of 8192 bytes are wrong' },
    { check: 'source', ok: false, text: 'the source\'s <name> & "size" remain' },
  ],
})
const broken = exampleCell({ id: 'driver/nfs/nfs/mixed', verdict: 'broken', reason: 'the guest died', repeat: REPEAT, findings: [] })
const notShown = exampleCell({ id: 'answer/silence/lvm-thin/lvm-thick', verdict: 'not-shown', reason: 'the run was stopped', findings: [] })

describe('JUnit', () => {
  test('counts the cells by verdict, and the run as a whole and the check for leaks as cases of their own', () => {
    const suite = readBack(exampleResult([upheld, refuted, broken, broken, notShown, notShown, notShown]))

    expect(suite).toMatchObject({ '@tests': '9', '@failures': '1', '@errors': '2', '@skipped': '3' })
    expect(suite.testcase).toHaveLength(9)
  })

  test('has as many failures, errors and skipped cases as it counts', () => {
    const suite = readBack(exampleResult([upheld, refuted, broken, notShown], { leaks: ['/dev/loop1'] }))
    const having = (part: 'failure' | 'error' | 'skipped') => String(suite.testcase.filter((one) => one[part] !== undefined).length)

    expect([having('failure'), having('error'), having('skipped')]).toEqual([suite['@failures'], suite['@errors'], suite['@skipped']])
  })

  test('names each case as the cell, in a class of its kind, with its time', () => {
    expect(readBack(exampleResult([upheld, broken])).testcase.map((one) => [one['@name'], one['@classname'], one['@time']])).toEqual([
      [upheld.id, 'holeproof.host', '2.440'],
      [broken.id, 'holeproof.driver', '2.440'],
      ['the run as a whole', 'holeproof.lab', '0.000'],
      ['nothing is left behind', 'holeproof.lab', '0.000'],
    ])
  })

  test('makes what fails the run as a whole a failure, or an error where the lab broke', () => {
    const asWhole = (result: Result, options = {}) =>
      readBack(result, runOutcomeOf(result, options)).testcase.find((one) => one['@name'] === 'the run as a whole')

    expect(asWhole(exampleResult([upheld, notShown]), { strict: true })?.failure?.['@message']).toContain('a strict run')
    expect(asWhole(exampleResult([upheld], { stopped: true }))?.error?.['@message']).toBe('it was stopped before its end')
    expect(asWhole(exampleResult([upheld, refuted]))?.failure).toBeUndefined()
  })

  test('has a case for a driver that nobody came to', () => {
    const suite = readBack(exampleCertification([notShownDriver('nfs', 'built-in', 'shard 2 of 2 is missing', REPEAT)]))

    expect(suite.testcase[0]).toEqual({
      '@name': 'certified',
      '@classname': 'holeproof.certify.nfs',
      '@time': '0.000',
      skipped: { '@message': 'shard 2 of 2 is missing' },
    })
  })

  test('stays well-formed where an attribute is but the word true', () => {
    expect(readBack(exampleResult([exampleCell({ ...broken, id: 'true', reason: 'true' })])).testcase[0]?.['@name']).toBe('true')
  })

  test('says nothing more of an upheld cell', () => {
    expect(caseOf(upheld)).toEqual({ '@name': upheld.id, '@classname': 'holeproof.host', '@time': '2.440' })
  })

  test('makes a refuted cell a failure with every failed check and the command that repeats it', () => {
    const { failure, error, skipped } = caseOf(refuted)

    expect([error, skipped]).toEqual([undefined, undefined])
    expect(failure).toMatchObject({ '@type': 'refuted', '@message': 'bytes: 4096 of 8192 bytes are wrong' })
    expect(failure?.['#text'].split('\n')).toEqual([
      'bytes: 4096 of 8192 bytes are wrong',
      'source: the source\'s <name> & "size" remain',
      `repeat: ${REPEAT}`,
    ])
  })

  test('says of a cell that failed that it was asked over REST', () => {
    const { testcase } = readBack(exampleResult([{ ...refuted, id: 'rest/redirect/lvm-thin/lvm-thick', transport: 'rest' }, refuted]))

    expect(testcase[0]).toMatchObject({ '@classname': 'holeproof.rest' })
    expect(testcase.slice(0, 2).map(({ failure }) => failure?.['#text'].includes('the destination was asked over REST'))).toEqual([
      true,
      false,
    ])
  })

  test('makes a broken cell an error with the reason and the command that repeats it', () => {
    const { failure, error, skipped } = caseOf(broken)

    expect([failure, skipped]).toEqual([undefined, undefined])
    expect(error).toEqual({ '@type': 'broken', '@message': 'the guest died', '#text': `the guest died\nrepeat: ${REPEAT}` })
  })

  test('makes a cell that was not shown a skipped one with the reason', () => {
    const { failure, error, skipped } = caseOf(notShown)

    expect([failure, error, skipped]).toEqual([undefined, undefined, { '@message': 'the run was stopped' }])
  })

  test('makes leaks an error of the run, and lists them all', () => {
    const suite = readBack(exampleResult([upheld], { leaks: ['/dev/loop1', 'a <mount>'] }))

    expect(suite['@errors']).toBe('1')
    expect(suite.testcase.at(-1)?.error).toMatchObject({ '@type': 'leak', '#text': '/dev/loop1\na <mount>' })
  })

  test('stays well-formed when ids and texts hold markup and quotes', () => {
    const nasty = '<a href="x">\'&amp; ]]> --> ü'
    const findings = [{ check: nasty, ok: false, text: nasty }]
    const suite = readBack(exampleResult([exampleCell({ ...refuted, id: nasty, findings, repeat: nasty })], { leaks: [nasty] }))

    expect(suite.testcase[0]?.['@name']).toBe(nasty)
    expect(suite.testcase[0]?.failure?.['#text']).toContain(nasty)
  })

  test('says which run it was', () => {
    expect(readBack(exampleResult([refuted])).properties.property).toEqual([
      { '@name': 'version', '@value': '0.1.0' },
      { '@name': 'seed', '@value': '7' },
      { '@name': 'verdict', '@value': 'refuted' },
    ])
  })

  test('shortens what would be too much for its readers, and says by how much', () => {
    const { error } = caseOf(exampleCell({ ...broken, reason: `${'x'.repeat(600)}\n${'y'.repeat(30_000)}` }))

    expect(error?.['@message']).toBe(`${'x'.repeat(500)} ... (100 more characters)`)
    expect(error?.['#text']).toMatch(/^x{600}\ny+ \.\.\. \(\d+ more characters\)$/)
    expect(error?.['#text'].length).toBeLessThan(20_050)
  })

  test('writes a time without an exponent, however short', () => {
    expect(caseOf(exampleCell({ seconds: 1e-7 }))['@time']).toBe('0.000')
  })

  test('has no two cases of one name and class, of which GitLab would drop one', () => {
    const { testcase } = readBack(exampleResult([upheld, refuted, broken, notShown]))
    expect(new Set(testcase.map((one) => `${one['@classname']} ${one['@name']}`)).size).toBe(testcase.length)
  })

  test('is a whole suite also of a run without cells, and one that fails', () => {
    expect(readBack(exampleResult([]))).toMatchObject({ '@tests': '2', '@failures': '1', '@errors': '0', '@skipped': '0' })
  })

  test('holds no character that XML forbids, whatever a command printed', () => {
    const xml = junitOf(exampleResult([exampleCell({ ...broken, reason: '\x1b[31mred\x1b[0m \0 \x07' })]))

    expect([...xml].filter((character) => character < ' ' && !'\t\n\r'.includes(character))).toEqual([])
  })
})

describe('JUnit of certified drivers', () => {
  const checks = [
    exampleCheck(),
    exampleCheck({ id: 'delete-frees', verdict: 'refuted', text: '3 volumes; then 2', repeat: REPEAT, seconds: 1.5 }),
    exampleCheck({ id: 'extend-keeps', verdict: 'broken', text: 'the guest died', repeat: REPEAT }),
    exampleCheck({ id: 'clone-is-not-new', verdict: 'not-shown', text: 'the run was stopped' }),
    exampleCheck({ id: 'extended-reads-zero', verdict: 'not-offered', text: 'the driver lacks it' }),
  ]
  const suite = readBack(exampleCertification([exampleCertificate({ checks }), exampleCertificate({ driver: 'mine.py' })]))

  test('counts every check of every driver, and leaks as one of their own', () => {
    expect(suite).toMatchObject({ '@tests': '8', '@failures': '1', '@errors': '1', '@skipped': '2' })
    expect(suite.testcase).toHaveLength(8)
  })

  test('names each case as the check, in a class of its driver, with its time', () => {
    const named = suite.testcase.map((one) => [one['@classname'], one['@name'], one['@time']])

    expect(named[1]).toEqual(['holeproof.certify.lvm-thin', 'delete-frees', '1.500'])
    expect(named[5]).toEqual(['holeproof.certify.mine.py', 'new-reads-zero', '0.420'])
    expect(new Set(named.map(([group, name]) => `${group} ${name}`)).size).toBe(named.length)
  })

  test('makes a refuted check a failure and a broken one an error, with what was seen and the command that repeats it', () => {
    const [upheld, refuted, broken] = suite.testcase

    expect(Object.keys(upheld ?? {})).toEqual(['@name', '@classname', '@time'])
    expect(refuted?.failure).toEqual({
      '@type': 'refuted',
      '@message': '3 volumes; then 2',
      '#text': `3 volumes; then 2\nrepeat: ${REPEAT}`,
    })
    expect(broken?.error).toEqual({ '@type': 'broken', '@message': 'the guest died', '#text': `the guest died\nrepeat: ${REPEAT}` })
  })

  test('skips what was not shown and what is not offered, with the reason', () => {
    expect(suite.testcase.slice(3, 5).map(({ skipped }) => skipped)).toEqual([
      { '@message': 'the run was stopped' },
      { '@message': 'the driver lacks it' },
    ])
    expect(suite.testcase.slice(3, 5).flatMap(({ failure, error }) => [failure, error])).toEqual(Array(4).fill(undefined))
  })

  test('holds no character that XML forbids, whatever a driver says', () => {
    const xml = junitOf(exampleCertification([exampleCertificate({ checks: [exampleCheck({ verdict: 'refuted', text: '\x1b[2J\0' })] })]))

    expect([...xml].filter((character) => character < ' ' && !'\t\n\r'.includes(character))).toEqual([])
  })
})

function readBack(result: Result, ending?: RunOutcome): z.infer<typeof suiteSchema> {
  const xml = junitOf(result, ending)
  expect(XMLValidator.validate(xml)).toBe(true)
  const parser = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: '@',
    parseAttributeValue: false,
    isArray: (name) => name === 'testcase',
  })
  const { testsuite, ...sums } = z
    .object({ testsuites: z.strictObject({ ...totals, testsuite: suiteSchema }) })
    .parse(parser.parse(xml)).testsuites
  expect(testsuite).toMatchObject(sums)
  return testsuite
}

function caseOf(cell: CellResult): z.infer<typeof caseSchema> {
  return caseSchema.parse(readBack(exampleResult([cell])).testcase[0])
}

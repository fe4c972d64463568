import { stripVTControlCharacters } from 'node:util'
import { describe, expect, test } from 'vitest'
import {
  exampleCertificate,
  exampleCertification,
  exampleCheck,
  exampleCounterexample,
} from '../../../tests/support/example_certificate.ts'
import type { Certificate, CheckResult } from '../../result/certificate.ts'
import type { Result } from '../../result/result.ts'
import { checkLine } from './certificates.ts'
import { terminalReport } from './run_report.ts'

const WIDTH = 80
const ESCAPE = '\x1b'
const REPEAT = 'scripts/certify --machine uml --seed 2147483647 --only partial-writes-read-zero/512 --option pool=a ./my-driver.py'
const LONG = 'many words that say what was seen and take more than a line of a terminal. '.repeat(3).trim()
const PEER = 'migrate-out/driver/my-storage-driver-with-a-name.py'

const refuted = exampleCheck({
  id: 'partial-writes-read-zero/512',
  verdict: 'refuted',
  text: 'a new volume of 8 MiB, 4 writes of up to 512 bytes: 4194304 of 8388608 bytes are wrong, first at byte 4096: poison',
  repeat: REPEAT,
})
const everyVerdict: CheckResult[] = [
  exampleCheck(),
  refuted,
  exampleCheck({ id: 'errors-are-errors', verdict: 'broken', text: LONG }),
  exampleCheck({ id: 'snapshot-is-not-new', verdict: 'not-offered', text: 'the driver lacks it: create_snapshot' }),
  exampleCheck({ id: 'clone-is-not-new', verdict: 'not-offered', text: 'the driver lacks it: create_cloned_volume' }),
  exampleCheck({ id: 'extend-keeps', verdict: 'not-offered', text: 'the driver lacks it: extend_volume' }),
  exampleCheck({ id: 'extended-reads-zero', verdict: 'not-offered', text: 'the driver lacks it: extend_volume' }),
  exampleCheck({ id: 'delete-frees', verdict: 'not-shown', text: 'the time was up: 900 s' }),
  exampleCheck({ id: PEER, verdict: 'upheld', text: LONG }),
]
const counterexample = exampleCounterexample({
  what: 'a new volume of 1 MiB, 512 bytes written at byte 0',
  sizeBytes: 1048576,
  actualBytes: 1049088,
  wrongBytes: 1048000,
  first: { offset: 512, length: 512, wrong: 510, expected: 'zero', found: { what: 'other-stamp', tag: 4 } },
  file: 'my-driver.py-1.sh',
})
const shownTwice = exampleCertificate({
  driver: 'my-driver.py',
  kind: 'program',
  checks: [exampleCheck(), { ...refuted, counterexample: 0 }, exampleCheck({ id: 'later', verdict: 'refuted', counterexample: 0 })],
  counterexamples: [counterexample],
})
const wasteful = exampleCertificate({ driver: 'lvm-thick', claim: false, wastedSpace: `in all checks ${LONG}` })
const broken = exampleCertificate({ driver: 'nfs', verdict: 'broken', reason: `the guest died: ${LONG}` })
const every = exampleCertificate({ driver: 'my-driver.py', checks: everyVerdict, reason: LONG })
const endless = exampleCertificate({
  verdict: 'broken',
  reason: 'x'.repeat(200),
  checks: everyVerdict.map((check) => ({ ...check, text: 'x'.repeat(200) })),
})
const many = [exampleCertificate(), every, shownTwice, wasteful, broken]

describe('certificates on a terminal', () => {
  test.each<[string, Certificate[]]>([
    ['of one driver', [every]],
    ['of a driver with a counterexample', [shownTwice]],
    ['of a driver that could claim', [wasteful]],
    ['of a driver that broke the lab', [broken]],
    ['of a driver that says words longer than a line', [endless]],
    ['of several drivers', many],
    ['of as many as there are letters', Array.from({ length: 26 }, (_, index) => ({ ...every, driver: `driver-${index}` }))],
  ])('keep within 80 columns but for commands that are to be copied: %s', (_, certificates) => {
    expect(tooLong(exampleCertification(certificates)).filter((line) => !isCommand(line))).toEqual([])
  })

  test('keep within 80 columns in their last lines, however much was found', () => {
    const verdicts = ['upheld', 'refuted', 'not-shown', 'broken', 'not-offered'] as const
    const checks = verdicts.flatMap((verdict) => Array.from({ length: 40 }, () => exampleCheck({ verdict, text: '' })))
    const machines = ['uml-1', 'uml-2'].map((name) => ({ name, kind: 'uml' as const, kernel: '6.1.158-1-amd64' }))
    const result = exampleCertification(Array(20).fill(exampleCertificate({ checks })), { machines, seed: 2147483647, seconds: 3123.4 })
    const last = linesOf(result).slice(-5)

    expect(last.filter((line) => line.length > WIDTH)).toEqual([])
    expect(words(last.join(' '))).toContain('800 checks upheld, 800 refuted, 800 not shown, 800 broken, 800 not offered; 0 leaks')
  })

  test('hold no escape character without colours, and the same text with them', () => {
    const plain = terminalReport(exampleCertification(many))
    const coloured = terminalReport(exampleCertification(many), { colours: true })

    expect(plain).not.toContain(ESCAPE)
    expect(coloured).toContain(ESCAPE)
    expect(words(stripVTControlCharacters(coloured))).toBe(words(plain))
  })
})

describe('the certificate of one driver', () => {
  const text = terminalReport(exampleCertification([every]))

  test('lists each check that ran, with its mark and what was seen beside it', () => {
    expect(text).toContain('✓ new-reads-zero                     a new volume of 8 MiB, nothing written: all\n')
    expect(text).toMatch(/^✗ partial-writes-read-zero\/512 {7}a new volume of 8 MiB, 4 writes of up to$/m)
    expect(text).toMatch(/^! errors-are-errors +many words that say/m)
  })

  test('continues what was seen below where it began', () => {
    const at = linesOf(exampleCertification([every])).findIndex((line) => line.startsWith('✗ partial'))

    expect(linesOf(exampleCertification([every]))[at + 1]).toMatch(/^ {37}\S/)
  })

  test('puts what was seen below an id that is longer than its column', () => {
    expect(text).toMatch(new RegExp(`^✓ ${PEER}\\n {37}many words`, 'm'))
  })

  test('groups what is not offered and what was not shown by the reason, after what ran', () => {
    const lines = linesOf(exampleCertification([every]))
    const grouped = lines.filter((line) => /^[-?] /.test(line))

    expect(grouped).toEqual([
      '- not offered, the driver lacks it: create_snapshot: snapshot-is-not-new',
      '- not offered, the driver lacks it: create_cloned_volume: clone-is-not-new',
      '- not offered, the driver lacks it: extend_volume: extend-keeps,',
      '? not shown, the time was up: 900 s: delete-frees',
    ])
    expect(lines[lines.indexOf(grouped[2] ?? '') + 1]).toBe('  extended-reads-zero')
    expect(lines.indexOf(`✓ ${PEER}`)).toBeLessThan(lines.indexOf(grouped[0] ?? ''))
  })

  test('repeats the first check that is red, where no counterexample was found', () => {
    expect(text).toContain(`✗ my-driver.py\n    partial-writes-read-zero/512: a new volume of 8 MiB`)
    expect(text).toContain(`\n    repeat: ${REPEAT}\n`)
  })

  test('shows no trouble where there is none', () => {
    expect(terminalReport(exampleCertification())).not.toMatch(/repeat:|wasted|counterexample|^[-✗!?] /m)
  })

  test('says in its last lines what it claims, and counts the checks', () => {
    expect(text).toContain('✗ REFUTED  my-driver.py, which claims true\n')
    const dead = exampleCertificate({ driver: 'dead.py', claim: false, checks: [exampleCheck({ id: 'sets-up', verdict: 'refuted' })] })
    expect(terminalReport(exampleCertification([dead]))).toContain('REFUTED  dead.py, which was never asked\n')
    expect(words(text)).toContain('2 checks upheld, 1 refuted, 1 not shown, 1 broken, 4 not offered; 0 leaks')
    expect(terminalReport(exampleCertification([wasteful], { leaks: ['/dev/loop1'] }))).toMatch(/which claims false\n.*; 1 leak\n/)
  })
})

describe('the certificates of several drivers', () => {
  const text = terminalReport(exampleCertification(many))

  test('are a table of checks and drivers, each under its letter', () => {
    const lines = linesOf(exampleCertification([exampleCertificate(), shownTwice, every]))
    const at = lines.findIndex((line) => /^ +ABC$/.test(line))
    const column = lines[at]?.indexOf('A') ?? -1
    const marks = Object.fromEntries(lines.slice(at + 1).map((line) => [line.slice(0, column).trim(), line.slice(column)]))

    expect(lines.slice(0, 3)).toEqual([
      expect.stringMatching(/^A {2}✓ upheld +lvm-thin +claims true$/),
      expect.stringMatching(/^B {2}✗ refuted +my-driver\.py +claims true$/),
      expect.stringMatching(/^C {2}✗ refuted +my-driver\.py +claims true$/),
    ])
    expect(marks).toMatchObject({ 'new-reads-zero': '✓✓✓', 'partial-writes-read-zero/512': ' ✗✗', later: ' ✗ ', 'delete-frees': '  ?' })
    expect(marks).toMatchObject({ 'extend-keeps': '  -', 'errors-are-errors': '  !', [PEER]: '  ✓' })
  })

  test('tell beyond the letters A to Z by a to z', () => {
    const lines = linesOf(exampleCertification(Array(28).fill(exampleCertificate())))

    expect(
      lines
        .filter((line) => /claims true$/.test(line))
        .map(([letter]) => letter)
        .slice(25),
    ).toEqual(['Z', 'a', 'b'])
  })

  test('say what is wrong with each driver below', () => {
    expect(text).toContain('✗ my-driver.py: the smallest counterexample\n')
    expect(text).toContain('✗ my-driver.py\n    partial-writes-read-zero/512: ')
    expect(text).toMatch(/^~ wasted space: lvm-thick: in all checks/m)
    expect(text).toMatch(/^! broken nfs: the guest died: many words/m)
  })

  test('are counted in the last lines: drivers, then checks', () => {
    expect(text).toContain('✗ REFUTED  5 drivers: 2 upheld, 2 refuted, 0 not shown, 1 broken\n')
    expect(words(text)).toContain('6 checks upheld, 3 refuted, 1 not shown, 1 broken, 4 not offered; 0 leaks')
  })
})

describe('a counterexample', () => {
  const lines = linesOf(exampleCertification([shownTwice]))
  const at = lines.indexOf('✗ my-driver.py: the smallest counterexample')

  test('says what was done, what is wrong, what shows it, and how to see it with and without holeproof', () => {
    expect(lines.slice(at + 1, at + 6)).toEqual([
      '    a new volume of 1 MiB, 512 bytes written at byte 0: 1048000 of 1049088 bytes',
      "    are wrong, the first at byte 512: another volume's data",
      '    shown by 2 checks, the first partial-writes-read-zero/512',
      `    repeat: ${REPEAT}`,
      '    without holeproof: scripts/run sh reports/counterexamples/my-driver.py-1.sh',
    ])
  })

  test('is shown by the script in the folder of the run', () => {
    const text = terminalReport(exampleCertification([shownTwice]), { folder: '/tmp/out' })

    expect(text).toContain('without holeproof: scripts/run sh /tmp/out/counterexamples/my-driver.py-1.sh')
  })

  test("that one check shows is that one's", () => {
    const checks = [{ ...refuted, counterexample: 0 }]

    expect(linesOf(exampleCertification([{ ...shownTwice, checks }]))).toContain('    shown by partial-writes-read-zero/512')
  })

  test('stands before others, which are named by what they show and their scripts', () => {
    const second = { ...counterexample, file: 'my-driver.py-2.sh' }
    const checks = [{ ...refuted, counterexample: 1 }, exampleCheck({ id: 'first-one', verdict: 'refuted', counterexample: 0 })]
    const text = terminalReport(exampleCertification([{ ...shownTwice, checks, counterexamples: [counterexample, second] }]))

    expect(text).toMatch(/shown by first-one\n.*my-driver\.py-1\.sh\n +also .*my-driver\.py-2\.sh\n/s)
    expect(text.match(/smallest counterexample/g)).toHaveLength(1)
  })
})

describe('a line of progress', () => {
  test('says which check of which driver ended, how, how far the run is and how long it took', () => {
    expect(checkLine('mine.py', refuted, 3, 48)).toBe('✗  3/48 mine.py partial-writes-read-zero/512 0.4 s')
    expect(checkLine('nfs', exampleCheck({ verdict: 'not-offered' }), 48, 48)).toBe('- 48/48 nfs new-reads-zero 0.4 s')
  })
})

function linesOf(result: Result): string[] {
  return terminalReport(result).split('\n')
}

function tooLong(result: Result): string[] {
  return linesOf(result).filter((line) => [...line].length > WIDTH)
}

function isCommand(line: string): boolean {
  return line.startsWith('    repeat: ') || line.startsWith('    without holeproof: ')
}

/** The text whatever its lines are. */
function words(text: string): string {
  return text.split(/\s+/).join(' ')
}

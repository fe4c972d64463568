import { stripVTControlCharacters } from 'node:util'
import { describe, expect, test } from 'vitest'
import { exampleCell, exampleCopy, exampleEvidence, exampleResult } from '../../../tests/support/example_result.ts'
import type { CellResult } from '../../result/cell.ts'
import type { Result } from '../../result/result.ts'
import { runOutcomeOf } from '../../result/run_outcome.ts'
import { cellLine, terminalReport } from './run_report.ts'

const WIDTH = 80
const DRIVERS = ['lvm-thin', 'lvm-thick', 'nfs', 'nfs-prealloc']
const ESCAPE = '\x1b'

/** A cell whose every column is as wide as real ones get. */
function wide(change: Partial<CellResult>): CellResult {
  const evidence = exampleEvidence()
  return exampleCell({
    seconds: 12.34,
    ...change,
    evidence: {
      ...evidence,
      answer: { kind: 'answered', report: { sparse_copy_volume: false } },
      decision: { mode: 'sparse', decidedBy: 'claim-not-boolean', reason: 'seen' },
      verification: { checkedBytes: 16777216, wrongBytes: 16777216, differences: [], moreDifferences: 0 },
      before: { ...evidence.before, dataPercent: '100.00' },
      after: { ...evidence.before, dataPercent: '100.00' },
    },
  })
}

const everySection: CellResult[] = [
  ...DRIVERS.flatMap((source) =>
    DRIVERS.flatMap((destination) => [
      wide({ id: `host/${source}/${destination}/mixed`, source, destination }),
      wide({ id: `driver/${source}/${destination}/mixed`, method: 'driver', source, destination }),
      wide({ id: `host/${source}/${destination}/last-block-zero`, source, destination, layout: 'last-block-zero' }),
      wide({ id: `answer/string-false/${source}/${destination}`, source, destination, faultyAnswer: 'string-false' }),
      wide({ id: `rest/truncated-json/${source}/${destination}`, source, destination, transport: 'rest', faultyAnswer: 'truncated-json' }),
      wide({ id: `control/host/${source}/${destination}/sparse-forced`, source, destination, control: true, forced: 'sparse' }),
    ]),
  ),
  wide({ id: 'table/full', layout: 'spec-table' }),
  wide({
    id: 'table/sparse',
    layout: 'spec-table',
    notes: [{ kind: 'thinness-lost', text: 'many more bytes are mapped than needed. '.repeat(5) }],
  }),
]
const REPEAT = 'scripts/verify --seed 123456789 --only host/lvm-thin/lvm-thick/last-block-zero'
const refuted = exampleCell({
  id: 'host/lvm-thin/lvm-thick/last-block-zero',
  layout: 'last-block-zero',
  verdict: 'refuted',
  findings: [
    { check: 'migrated', ok: true, text: 'migrated by the host' },
    { check: 'destination-mapped', ok: false, text: 'the destination has 16777216 bytes mapped, 3145728 to 3211264 were predicted' },
    {
      check: 'bytes',
      ok: false,
      text: '4096 of 16777216 bytes are wrong, first at byte 4096: 512 bytes of poison (what lay on the storage before)',
    },
  ],
  repeat: REPEAT,
})
const broken = exampleCell({
  id: 'host/nfs/nfs/mixed',
  verdict: 'broken',
  reason: `the guest uml-1 ${'did not answer '.repeat(9)}\nsecond line`,
})
const notShown = exampleCell({ id: 'driver/nfs/nfs/mixed', verdict: 'not-shown', reason: 'the run was stopped' })
const troubled = exampleResult([exampleCell(), refuted, broken, notShown], { leaks: ['/dev/loop1'], brokenRule: 'always-sparse' })

describe('the report on a terminal', () => {
  test('keeps within 80 columns in every section', () => {
    expect(tooLong(exampleResult(everySection))).toEqual([])
  })

  test.each(['answer/', 'rest/', 'host/'])('keeps within 80 columns in the rows of %s that differ in more than their drivers', (kind) => {
    const cells = everySection.filter(({ id, layout }) => id.startsWith(kind) && (kind !== 'host/' || layout !== 'mixed'))

    expect(cells.length).toBeGreaterThan(0)
    expect(tooLong(exampleResult(cells)).filter((line) => !/^ {2}source {7}/.test(line))).toEqual([])
  })

  test('keeps troubles within 80 columns, but for a command that must stay in one piece', () => {
    const lines = linesOf(troubled)
    const troubles = lines.slice(lines.findIndex((line) => line.includes('broken on purpose')))

    expect(troubles.length).toBeGreaterThan(15)
    expect(troubles.filter((line) => [...line].length > WIDTH && !line.includes('--only'))).toEqual([])
  })

  test('keeps its last lines within 80 columns with a real kernel and seed', () => {
    const machines = ['uml-1', 'uml-2'].map((name) => ({ name, kind: 'uml' as const, kernel: '6.1.158-1-amd64' }))

    expect(
      tooLong(exampleResult([notShown], { machines, seed: 2147483647, seconds: 312.5 })).filter((line) => line.includes('seed')),
    ).toEqual([])
  })

  test('holds no escape character without colours', () => {
    expect(terminalReport(troubled)).not.toContain(ESCAPE)
    expect(terminalReport(exampleResult(everySection))).not.toContain(ESCAPE)
  })

  test('holds the same text with colours as without', () => {
    const coloured = terminalReport(troubled, { colours: true })

    expect(coloured).toContain(ESCAPE)
    expect(words(stripVTControlCharacters(coloured))).toEqual(words(terminalReport(troubled)))
  })

  test('shows each failing check of a refuted cell and the command that repeats it, and no check that passed', () => {
    const text = words(terminalReport(troubled)).join(' ')

    expect(text).toContain('✗ refuted host/lvm-thin/lvm-thick/last-block-zero')
    expect(text).toContain('destination-mapped: the destination has 16777216 bytes mapped, 3145728 to 3211264 were predicted')
    expect(text).toContain('bytes: 4096 of 16777216 bytes are wrong')
    expect(text).toContain(`repeat: ${REPEAT}`)
    expect(text).not.toContain('migrated by the host')
  })

  test('shows which cells were asked over REST, in a section of their own and where one fails', () => {
    const asked = { id: 'rest/honest/lvm-thin/lvm-thick', transport: 'rest' } as const
    const [fine, failed] = [terminalReport(exampleResult([exampleCell(asked)])), terminalReport(exampleResult([{ ...refuted, ...asked }]))]

    expect(fine).toMatch(/^Asked over REST: .*\n.*\n✓ lvm-thin +lvm-thin +honest/m)
    expect(failed).toMatch(/refuted rest\/honest[^✓]*the destination was asked over REST/)
    expect(terminalReport(troubled)).not.toContain('asked over')
  })

  test('shows why a cell is broken, and how often and why cells were not shown', () => {
    const text = words(terminalReport(troubled)).join(' ')

    expect(text).toContain('! broken host/nfs/nfs/mixed the guest uml-1 did not answer')
    expect(text).toContain('second line')
    expect(text).toMatch(/not shown.*the run was stopped/)
  })

  test('shows what was left behind and that the rule was broken on purpose', () => {
    const text = terminalReport(troubled)

    expect(text).toMatch(/left behind\n +\/dev\/loop1/)
    expect(text).toContain('always-sparse')
  })

  test('shows no trouble where there is none', () => {
    expect(terminalReport(exampleResult())).not.toMatch(/left behind|broken on purpose|repeat:|not shown:|what to do/)
  })

  test('says what a failing check means and what to do about it', () => {
    const text = words(terminalReport(troubled)).join(' ')

    expect(text).toContain('What it means, and what to do')
    expect(text).toContain('bytes: The destination does not hold what the source held.')
  })

  test('that is quiet holds what is not upheld and the verdict, and no table', () => {
    const quiet = terminalReport(troubled, { quiet: true })

    expect(quiet).toContain('✗ refuted host/lvm-thin/lvm-thick/last-block-zero')
    expect(quiet).toContain('REFUTED')
    expect(quiet).not.toContain('decided by')
    expect(terminalReport(exampleResult(), { quiet: true }).trimEnd().split('\n')).toEqual(
      terminalReport(exampleResult()).trimEnd().split('\n').slice(-3),
    )
  })

  test('has a row for each cell: claim, mode, who decided, bytes and Data%', () => {
    const rows = rowsOf(exampleResult([exampleCell({ destination: 'nfs' })]))

    expect(rows).toContainEqual(['✓', 'lvm-thin', 'nfs', 'true', 'sparse', 'claimed-true', 'intact', '18.75>18.75', '2.4'])
  })

  test('shows a destination that is corrupt, one that did not answer and one that is thick', () => {
    const evidence = exampleEvidence()
    const cell = exampleCell({
      id: 'control/host/lvm-thin/lvm-thick',
      control: true,
      destination: 'lvm-thick',
      evidence: {
        ...evidence,
        answer: { kind: 'unanswered', why: 'silence' },
        decision: { mode: 'full', decidedBy: 'no-answer', reason: 'silence' },
        verification: { checkedBytes: 1024, wrongBytes: 1, differences: [], moreDifferences: 0 },
        after: { mappedBytes: 1, dataPercent: '' },
      },
    })

    expect(rowsOf(exampleResult([cell]))).toContainEqual([
      '✓',
      'lvm-thin',
      'lvm-thick',
      '-',
      'full',
      'no-answer',
      'corrupt',
      '18.75>thick',
      '2.4',
    ])
  })

  test('says that a driver declined where the host had to copy', () => {
    const cell = exampleCell({ id: 'driver/lvm-thin/nfs/mixed', method: 'driver', destination: 'nfs' })

    expect(rowsOf(exampleResult([cell]))).toContainEqual(expect.arrayContaining(['nfs', 'declined']))
  })

  test('marks each verdict with a sign of its own', () => {
    const signs = rowsOf(exampleResult([exampleCell(), refuted, broken, notShown])).map(([sign]) => sign)

    expect(signs).toEqual(expect.arrayContaining(['✓', '✗', '!', '?']))
  })

  test('sums the run up: verdict, counts, controls that worked, leaks and seed', () => {
    const control = exampleCell({ id: 'control/host/lvm-thin/lvm-thick', control: true })
    const text = words(
      terminalReport(exampleResult([exampleCell(), control, { ...control, id: 'control/b', verdict: 'refuted' }, broken])),
    ).join(' ')

    expect(text).toContain('✗ REFUTED 4 cells: 2 upheld, 1 refuted, 0 not shown, 1 broken')
    expect(text).toContain('1 of 2 controls')
    expect(text).toContain('64 MiB checked byte by byte; 0 leaks')
    expect(text).toContain('seed 7')
  })

  test("draws the spec's table before and after, from the source to the destination", () => {
    const text = terminalReport(exampleResult([exampleCell({ id: 'table/sparse', layout: 'spec-table' })]))

    expect(text).toMatch(/Before migration\n.*\n +volume-1234 +vg1 .*18\.75\nAfter migration with.*\n.*\n +volume-1234 +vg2 .*18\.75/)
  })
})

describe('what fails the run as a whole', () => {
  const result = exampleResult([exampleCell(), exampleCell({ id: 'host/b', verdict: 'not-shown', reason: 'no kernel', findings: [] })])

  test('stands before the verdict', () => {
    const text = terminalReport(result, { ending: runOutcomeOf(result, { strict: true }) })

    expect(text).toContain('✗ the run as a whole\n    1 could not be shown, which fails a strict run\n\n? NOT-SHOWN')
    expect(terminalReport(result)).not.toContain('the run as a whole')
  })

  test('is also that it was stopped, and then nothing is called upheld', () => {
    const text = terminalReport(exampleResult([exampleCell()], { stopped: true }))

    expect(text).toContain('! the run as a whole\n    it was stopped before its end\n\n? NOT-SHOWN')
  })
})

describe('a trap that leaves stale bytes past the end of a larger volume', () => {
  const [size, id] = [16777216, 'trap/thin-used-ignoring-discards/discard-then-sparse']
  const content = [
    { from: 0, to: size, value: 'zero' as const },
    { from: size, to: size * 2, value: 'stale' as const },
  ]
  const seen = { content, predicted: content, predictedMapped: [], written: [] }
  const lines = linesOf(exampleResult([], { copies: [exampleCopy({ id, staleBytesPastEnd: size, seen })] }))

  test('is not called intact', () => {
    expect(lines).toContainEqual(
      expect.stringMatching(/^✓ thin-used-ignoring-discards\/discard-then-sparse +stale past end 16777216 B +1\.5$/),
    )
    expect(lines.filter((line) => line.length > WIDTH)).toEqual([])
  })

  test('has its map', () => {
    expect(lines).toContainEqual(expect.stringMatching(/^ +destination [#.]{29}X{29}$/))
  })
})

test('the letters of the maps are explained, also where little is told', () => {
  const { evidence } = refuted
  const byteClasses = [{ from: 0, to: refuted.sizeBytes, value: 'stale' as const }]
  const verification = { checkedBytes: 1, wrongBytes: 1, differences: [], moreDifferences: 0, byteClasses }
  const corrupt = { ...refuted, extents: [], evidence: { ...exampleEvidence(), ...evidence, verification } }
  const quiet = terminalReport(exampleResult([corrupt]), { quiet: true })

  expect(quiet).toContain('X stale bytes')
  expect(quiet).toMatch(/^ +destination X+$/m)
})

test('what another wrote cannot steer the terminal, nor leave its width', () => {
  const reason = `\x1b[2J${'x'.repeat(200)}`
  const result = exampleResult([exampleCell({ verdict: 'broken', reason, findings: [] })], { leaks: [reason] })

  expect(terminalReport(result)).not.toContain(ESCAPE)
  expect(tooLong(result)).toEqual([])
})

describe('a line of progress', () => {
  test('says which cell ended, how, how far the run is and how long it took', () => {
    expect(cellLine(exampleCell(), 3, 48)).toBe('✓  3/48 host/lvm-thin/lvm-thin/mixed 2.4 s')
    expect(cellLine(refuted, 48, 48)).toBe(`✗ 48/48 ${refuted.id} 2.4 s`)
  })
})

function tooLong(result: Result): string[] {
  return linesOf(result).filter((line) => [...line].length > WIDTH)
}

function linesOf(result: Result): string[] {
  return terminalReport(result).split('\n')
}

function rowsOf(result: Result): string[][] {
  return linesOf(result).map((line) => line.trim().split(/ +/))
}

/** The text whatever its lines are. */
function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '')
}

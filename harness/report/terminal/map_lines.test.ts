import { stripVTControlCharacters } from 'node:util'
import { Chalk } from 'chalk'
import { describe, expect, test } from 'vitest'
import { exampleCell, exampleEvidence, exampleResult } from '../../../tests/support/example_result.ts'
import type { ClassRange } from '../../result/bytes.ts'
import type { CellResult } from '../../result/cell.ts'
import { MiB } from '../../units.ts'
import { mapOfCell } from '../select/map_rows.ts'
import { mapLines } from './map_lines.ts'
import { terminalReport } from './run_report.ts'

const run = (from: number, to: number, value: ClassRange['value']): ClassRange => ({ from: from * MiB, to: to * MiB, value })

/** 58 MiB, so that a letter is one: data, a hole, data; the hole came out stale, then noise, then zeros with and without storage. */
function cell(change: Partial<CellResult> = {}): CellResult {
  const evidence = exampleEvidence()
  const byteClasses = [run(0, 10, 'data'), run(10, 20, 'stale'), run(20, 30, 'noise'), run(30, 50, 'zero'), run(50, 58, 'data')]
  return exampleCell({
    id: 'control/host/lvm-thin/lvm-thin/odd',
    control: true,
    sizeBytes: 58 * MiB,
    extents: [
      { offset: 0, length: 10 * MiB, write: 'data' },
      { offset: 50 * MiB, length: 8 * MiB, write: 'data' },
    ],
    evidence: {
      ...evidence,
      verification: { checkedBytes: 58 * MiB, wrongBytes: 20 * MiB, differences: [], moreDifferences: 0, byteClasses },
      after: {
        ...evidence.before,
        mapped: [
          { from: 0, to: 40 * MiB, value: true },
          { from: 50 * MiB, to: 58 * MiB, value: true },
        ],
      },
    },
    ...change,
  })
}

const SOURCE = `source      ${'#'.repeat(10)}${'.'.repeat(40)}${'#'.repeat(8)}`
const DESTINATION = `destination ${'#'.repeat(10)}${'X'.repeat(10)}${'?'.repeat(10)}${'.'.repeat(10)}${'_'.repeat(10)}${'#'.repeat(8)}`

describe('the map of a copy on a terminal', () => {
  test('has one letter a slice, told apart without colours', () => {
    expect(mapLines(mapOfCell(cell()), new Chalk({ level: 0 }))).toEqual([SOURCE, DESTINATION])
  })

  test('says the same in colours', () => {
    const coloured = mapLines(mapOfCell(cell()), new Chalk({ level: 1 }))

    expect(coloured.map(stripVTControlCharacters)).toEqual([SOURCE, DESTINATION])
    expect(coloured.join()).toContain('\x1b[')
  })

  test('shows a single wrong byte', () => {
    const byteClasses = [
      run(0, 10, 'data'),
      { from: 10 * MiB, to: 10 * MiB + 1, value: 'stale' as const },
      { ...run(10, 50, 'zero'), from: 10 * MiB + 1 },
      run(50, 58, 'data'),
    ]
    const { evidence = exampleEvidence() } = cell()
    const odd = cell({
      evidence: { ...evidence, verification: { checkedBytes: 1, wrongBytes: 1, differences: [], moreDifferences: 0, byteClasses } },
    })

    expect(mapLines(mapOfCell(odd), new Chalk({ level: 0 }))[1]).toContain('#X.')
  })

  test('is not drawn where nobody knows where the bytes come from', () => {
    expect(mapLines(mapOfCell(exampleCell()), new Chalk({ level: 0 }))).toEqual([])
  })
})

describe('the report', () => {
  test('draws what was corrupted on purpose below one legend', () => {
    const text = terminalReport(exampleResult([cell(), cell({ id: 'control/other' })]))

    expect(text.match(/X stale bytes/g)).toHaveLength(1)
    expect(text).toContain(`control/other\n    ${SOURCE}\n    ${DESTINATION}\n`)
  })

  test('draws what failed where its failure is told', () => {
    const text = terminalReport(exampleResult([cell({ verdict: 'refuted', repeat: 'again' })]))

    expect(text).toContain(`    ${SOURCE}\n    ${DESTINATION}\n    repeat: again\n`)
    expect(text.match(/^ +destination #/gm)).toHaveLength(1)
    expect(text).toContain('X stale bytes')
  })

  test('keeps maps and legend within 76 columns', () => {
    const text = terminalReport(exampleResult([cell(), cell({ id: 'x', verdict: 'refuted' })]))
    const lines = text.split('\n').filter((line) => /#{5}|stale bytes/.test(line))

    expect(lines.length).toBeGreaterThan(4)
    expect(lines.filter((line) => line.length > 76)).toEqual([])
  })

  test('has neither where nothing is corrupt', () => {
    expect(terminalReport(exampleResult())).not.toMatch(/stale bytes|corrupt copy/)
  })
})

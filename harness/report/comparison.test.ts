import { describe, expect, test } from 'vitest'
import { exampleCell, exampleResult } from '../../tests/support/example_result.ts'
import type { CellResult } from '../result/cell.ts'
import { COMPARISON_LIMITS, compareResults } from '../result/compare.ts'
import type { Result } from '../result/result.ts'
import { comparisonMarkdown } from './markdown/comparison.ts'
import { comparisonReport } from './terminal/comparison.ts'

const LONG = 'a reason that is much too long for a line of a terminal and so must be broken into several of them, wherever it may be'
const cell = (id: string, verdict: CellResult['verdict'], change: Partial<CellResult> = {}) =>
  exampleCell({ id, verdict, reason: LONG, repeat: `scripts/verify --only ${id}`, ...change })
const ids = Array.from({ length: 30 }, (_, index) => `host/${index}`)
const before = exampleResult([
  ...[cell('a', 'upheld'), cell('b', 'refuted'), cell('c', 'upheld'), cell('d', 'broken'), cell('e', 'refuted'), cell('f', 'not-shown')],
  ...[cell('g', 'upheld'), cell('slow', 'upheld', { seconds: 1 })],
  ...ids.map((id) => cell(id, 'upheld')),
])
const after = exampleResult(
  [
    ...[
      cell('a', 'refuted'),
      cell('b', 'upheld'),
      cell('c', 'not-shown'),
      cell('d', 'broken'),
      cell('e', 'not-shown'),
      cell('f', 'upheld'),
    ],
    ...[cell('h', 'upheld'), cell('slow', 'upheld', { seconds: 60 })],
  ],
  { leaks: ['/dev/loop1'] },
)
const compare = (one: Result, other: Result) => compareResults(one, other, COMPARISON_LIMITS)

describe('a comparison on the terminal', () => {
  const text = comparisonReport(compare(before, after), false)

  test('has every kind of change under its title', () => {
    expect(text.split('\n').filter((line) => /\(\d+\)$/.test(line))).toEqual([
      'New failures (1)',
      'No longer shown (1)',
      'Still failing (1)',
      'Failed and now not shown (1)',
      'Fixed (1)',
      'Upheld and not shown before (1)',
      'New (1)',
      'Gone (31)',
      'Newly left behind (1)',
      'Slower (1)',
    ])
  })

  test('says of a failure what was seen, and how to repeat it', () => {
    expect(text).toContain('  a  upheld > refuted\n    a reason that')
    expect(text).toContain('    repeat: scripts/verify --only a\n')
  })

  test('tells no more than twenty of a kind one by one', () => {
    expect(text.split('\n').filter((line) => line.endsWith('upheld > not there'))).toHaveLength(20)
    expect(text).toContain('  and 11 more\n')
  })

  test('ends with the verdict', () => {
    expect(text).toContain('✗ WORSE  refuted > refuted: 1 new failure')
    expect(comparisonReport(compare(before, before), false)).toContain('✓ NOT WORSE  refuted > refuted: 3 still failing, 35 unchanged')
  })

  test('keeps within 80 columns', () => {
    expect(text.split('\n').filter((line) => line.length > 80)).toEqual([])
  })
})

describe('a comparison in Markdown', () => {
  const text = comparisonMarkdown(compare(before, after))

  test('has the verdict, and a table of each kind of change', () => {
    expect(text).toContain('## ❌ worse than before')
    expect(text).toContain('### New failures (1)')
    expect(text).toContain('| `a` | upheld | refuted |')
    expect(text).toContain('### Gone (31)')
    expect(text).toContain('\n\nand `host/19, ')
    expect(text).toContain('| `slow` | 1.0 s > 60.0 s |')
    expect(text).toContain('| `/dev/loop1` |')
  })

  test('says where nothing is worse', () => {
    expect(comparisonMarkdown(compare(after, after))).toContain('## ✅ not worse than before')
  })
})

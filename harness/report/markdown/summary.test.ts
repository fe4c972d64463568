import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  exampleCertificate,
  exampleCertification,
  exampleCheck,
  exampleCounterexample,
} from '../../../tests/support/example_certificate.ts'
import { exampleCell, exampleCopy, exampleResult } from '../../../tests/support/example_result.ts'
import type { CellResult } from '../../result/cell.ts'
import { COMPARISON_LIMITS, compareResults } from '../../result/compare.ts'
import { summaryOf } from './summary.ts'

const REPEAT = 'scripts/verify --seed 7 --only host/lvm-thin/lvm-thick/mixed'
const refuted = exampleCell({
  id: 'host/lvm-thin/lvm-thick/mixed',
  verdict: 'refuted',
  repeat: REPEAT,
  findings: [
    { check: 'bytes', ok: false, text: '4096 of 8192 bytes are wrong' },
    { check: 'source', ok: false, text: 'it remains' },
  ],
})

describe('the summary of a run', () => {
  test('begins with the verdict and the counts', () => {
    const [head, , where, , ...lines] = summaryOf(exampleResult([exampleCell(), refuted])).split('\n')

    expect(head).toBe('## ❌ refuted')
    expect(where).toBe('holeproof 0.1.0: 61.3 s on 1 x uml 6.1.0; seed 7')
    expect(lines.slice(0, 3)).toEqual([
      '| | ✅ upheld | ❌ refuted | ❔ not shown | ⚠️ broken | ➖ not offered |',
      '| - | - | - | - | - | - |',
      '| cells | 1 | 1 | 0 | 0 | 0 |',
    ])
  })

  test('lists what failed with each reason and the command that repeats it', () => {
    expect(summaryOf(exampleResult([refuted]))).toContain(
      `| \`${refuted.id}\` | ❌ refuted | \`bytes: 4096 of 8192 bytes are wrong; source: it remains\` | \`${REPEAT}\` |`,
    )
  })

  test('counts the cells that were asked over REST, and names the transport where one of them failed', () => {
    const summary = summaryOf(exampleResult([exampleCell(), { ...refuted, transport: 'rest' }]))

    expect(summary).toContain('| of these, asked over REST | 0 | 1 | 0 | 0 | 0 |')
    expect(summary).toContain('source: it remains; the destination was asked over REST')
    expect(summaryOf(exampleResult([exampleCell({ transport: 'json-rpc' }), refuted]))).not.toContain('over REST')
  })

  test('says nothing of failures where there are none', () => {
    expect(summaryOf(exampleResult())).not.toContain('What failed')
  })

  test('lists what was left behind among the failures', () => {
    expect(summaryOf(exampleResult([exampleCell()], { leaks: ['/dev/loop1'] }))).toContain('| `left behind` | ⚠️ broken | `/dev/loop1` |')
  })

  test('gathers what is not shown by its reason', () => {
    const left = ['a', 'b'].map((id) => exampleCell({ id, verdict: 'not-shown', reason: 'the run was stopped', findings: [] }))
    expect(summaryOf(exampleResult(left))).toContain('| `the run was stopped` | 2 | `a, b` |')
  })

  test('lists each trap with what it did', () => {
    const copies = [exampleCopy(), exampleCopy({ id: 'trap/thick/sparse', wrongBytes: 512 })]
    const summary = summaryOf(exampleResult([], { copies }))

    expect(summary).toContain('| `thin-used/sparse` | ✅ upheld | intact | 0 | 1.5 |')
    expect(summary).toContain('| `thick/sparse` | ✅ upheld | corrupt | 512 | 1.5 |')
  })

  test("shows the spec's table as lvs does", () => {
    expect(summaryOf(exampleResult([exampleCell({ id: 'table/sparse' })]))).toMatch(
      /After migration with conv=sparse[\s\S]*volume-1234 +vg2/,
    )
  })

  test('lists drivers with their smallest counterexample', () => {
    const checks = [exampleCheck(), exampleCheck({ id: 'delete-frees', verdict: 'refuted', counterexample: 0 })]
    const summary = summaryOf(exampleCertification([exampleCertificate({ checks, counterexamples: [exampleCounterexample()] })]))

    expect(summary).toContain(
      '| `lvm-thin` | ❌ refuted | true | 1 | 1 | `a new volume of 1 MiB, nothing written: 1048570 of 1048576 bytes',
    )
  })

  test('says of which shard it is, or how many there were and which are missing', () => {
    const shard = { number: 2, of: 5, asked: 'scripts/verify', whole: { cells: [], copies: [], drivers: [] } }
    expect(summaryOf(exampleResult([exampleCell()], { shard }))).toContain('## ✅ upheld, shard 2 of 5')
    const merged = { shards: 5, missingShards: [3, 4], missing: ['a'] }
    expect(summaryOf(exampleResult([exampleCell()], { merged }))).toContain('Missing: shard 3, 4 of 5.')
  })

  test('holds the comparison with an earlier run', () => {
    const comparison = compareResults(exampleResult([{ ...refuted, verdict: 'upheld' }]), exampleResult([refuted]), COMPARISON_LIMITS)
    const summary = summaryOf(exampleResult([refuted]), { comparison })

    expect(summary).toContain('## ❌ worse than before')
    expect(summary).toContain('### New failures (1)')
  })

  test('takes nothing for markup that a command or a driver said', () => {
    const nasty = '| <img src=x> `a` **b** [c](d)\n# e \u001b[2J @octocat ~~f~~ https://evil.example $g$ :tada:'
    const summary = summaryOf(exampleResult([exampleCell({ ...refuted, findings: [{ check: 'bytes', ok: false, text: nasty }] })]))
    const row = summary.split('\n').find((line) => line.includes('img'))

    // All of it is code; within a table only the bar is escaped.
    expect(row).toContain('| ``bytes: \\| <img src=x> `a` **b** [c](d) # e \\u001b[2J @octocat ~~f~~ https://evil.example $g$ :tada:`` |')
    expect(summary).not.toContain('\u001b')
  })

  test('never is longer than it may be, and says what is left out', () => {
    const result = exampleResult(failing(12, '✗'.repeat(5000)), { copies: [exampleCopy()] })
    fc.assert(
      fc.property(fc.integer({ min: 1000, max: 40_000 }), (mostBytes) => {
        const summary = summaryOf(result, { mostBytes })
        expect(Buffer.byteLength(summary)).toBeLessThanOrEqual(mostBytes)
        expect(summary).toContain('## ❌ refuted')
        expect(summary.includes('### What failed') || summary.includes('Left out to keep the summary short: what failed')).toBe(true)
      }),
      { numRuns: 20 },
    )
    expect(summaryOf(result, { mostBytes: 3000 })).toContain('### Traps')
  })

  test('lists a hundred failures, and says how many more there are', () => {
    const summary = summaryOf(exampleResult(failing(120, 'wrong')))

    expect(summary).toContain('| `host/99` |')
    expect(summary).not.toContain('| `host/100` |')
    expect(summary).toContain('and 20 more: see the report')
  })
})

function failing(count: number, text: string): CellResult[] {
  return Array.from({ length: count }, (_, index) =>
    exampleCell({ id: `host/${index}`, verdict: 'refuted', findings: [{ check: 'bytes', ok: false, text }] }),
  )
}

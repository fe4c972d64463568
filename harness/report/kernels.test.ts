import { describe, expect, test } from 'vitest'
import { exampleCell, exampleEvidence, exampleResult } from '../../tests/support/example_result.ts'
import { compareKernels, type KernelRun, kernelsStatusOf } from '../result/kernels.ts'
import { annotationsOfKernels } from './annotations.ts'
import { kernelsMarkdown } from './markdown/kernels.ts'
import { type KernelsReport, sharedFailures } from './select/kernels.ts'
import { kernelsReport } from './terminal/kernels.ts'

const LONG = 'a reason that is much too long for a line of a terminal and so must be broken into several of them, wherever it may be'
const evidence = exampleEvidence()
const reads = (readBytes: number) => exampleCell({ id: 'host/a', evidence: { ...evidence, moved: { readBytes } } })
const failing = exampleCell({
  id: 'host/b',
  verdict: 'refuted',
  findings: [{ check: 'bytes', ok: false, text: LONG }],
  repeat: 'scripts/verify --only host/b',
})
const left = exampleCell({ id: 'host/a', verdict: 'not-shown', reason: LONG, findings: [] })

const on = (kernel: string, ...cells: Parameters<typeof exampleResult>): KernelRun => ({ kernel, result: exampleResult(...cells) })
const reportOf = (...runs: KernelRun[]): KernelsReport => {
  const kernels = compareKernels(runs, (kernel) => `kernel-${kernel}`)
  return { kernels, failures: sharedFailures(runs, false), status: kernelsStatusOf(runs, kernels) }
}
const same = reportOf(on('6.1.176', [reads(1)]), on('7.2.7', [reads(1)]))
const different = reportOf(on('6.1.176', [reads(1)]), on('6.12.101', [reads(1)]), on('7.2.7', [reads(2)]))
const mixed = reportOf(on('6.1.176', [reads(1), failing]), on('6.12.101', [reads(2), failing]), {
  ...on('7.2.7', [left, { ...left, id: 'host/b' }]),
  lacks: LONG,
})

describe('kernels on the terminal', () => {
  test('are side by side', () => {
    expect(kernelsReport(different, false)).toBe(
      [
        'Kernels side by side',
        '  kernel             verdict      upheld   refuted not shown    broken      s',
        '✓ 6.1.176            upheld            1         0         0         0   61.3',
        '✓ 6.12.101           upheld            1         0         0         0   61.3',
        '✓ 7.2.7              upheld            1         0         0         0   61.3',
        '',
        'Differences between kernels (1)',
        '  host/a: bytes read',
        '    6.1.176, 6.12.101: 1',
        '    7.2.7: 2',
        '',
        '✗ DIFFERENT  1 cell or copy on 3 kernels; 1 compared, 1 difference in 1',
        '  183.8 s; seed 7',
        '',
      ].join('\n'),
    )
  })

  test('that are the same are upheld', () => {
    expect(kernelsReport(same, false)).toContain('✓ UPHELD  1 cell or copy on 2 kernels; 1 compared, 0 differences\n')
  })

  test('share a failure that is the same, with the command that repeats it', () => {
    const text = kernelsReport(mixed, false)

    expect(text.split('\n').filter((line) => line.startsWith('✗ refuted'))).toEqual(['✗ refuted on 6.1.176, 6.12.101: host/b'])
    expect(text).toContain('    repeat: scripts/verify --only host/b\n')
    expect(text).toContain('✗ REFUTED  2 cells and copies on 3 kernels; 2 compared, 1 difference in 1')
  })

  test('that cannot be used are named with the reason', () => {
    const text = kernelsReport(mixed, false)

    expect(text).toContain('! broken on 7.2.7: the run as a whole\n    a reason that')
    expect(text).toContain('? not shown on 7.2.7: 2 cells and copies, because a reason')
  })

  test('keep within 80 columns', () => {
    expect(
      kernelsReport(mixed, false)
        .split('\n')
        .filter((line) => line.length > 80),
    ).toEqual([])
  })
})

describe('kernels in Markdown', () => {
  test('are rows of a table, with their reports', () => {
    expect(kernelsMarkdown(different).split('\n')).toEqual([
      '## ❌ different',
      '',
      'holeproof 0.1.0: 1 cell or copy on 3 kernels; 1 compared, 1 difference in 1; 183.8 s; seed 7',
      '',
      '| kernel | | upheld | refuted | not shown | broken | s | report |',
      '| - | - | - | - | - | - | - | - |',
      '| `6.1.176` | ✅ upheld | 1 | 0 | 0 | 0 | 61.3 | `kernel-6.1.176/report.html` |',
      '| `6.12.101` | ✅ upheld | 1 | 0 | 0 | 0 | 61.3 | `kernel-6.12.101/report.html` |',
      '| `7.2.7` | ✅ upheld | 1 | 0 | 0 | 0 | 61.3 | `kernel-7.2.7/report.html` |',
      '',
      '### Differences between kernels (1)',
      '',
      '| | | 6.1.176 | 6.12.101 | 7.2.7 |',
      '| - | - | - | - | - |',
      '| `host/a` | bytes read | `1` | `1` | `2` |',
      '',
    ])
  })

  test('show what failed and what is not compared', () => {
    const text = kernelsMarkdown(mixed)

    expect(text).toContain('## ❌ refuted')
    expect(text).toContain('| `host/a` | bytes read | `1` | `2` | `not compared` |')
    expect(text).toMatch(/\| `host\/b` \| ❌ refuted \| `6\.1\.176, 6\.12\.101` \| `bytes: a reason/)
    expect(text).toMatch(/\| `7\.2\.7` \| `a reason[^|]*` \| 2 \| `host\/a, host\/b` \|/)
  })

  test('leave out what is too long', () => {
    expect(kernelsMarkdown(mixed, 900)).toContain('Left out to keep the summary short: ')
  })
})

test('the annotations of kernels name failures and differences', () => {
  expect(annotationsOfKernels(mixed).map((line) => line.split('::')[1])).toEqual([
    'error title=refuted%3A host/b',
    'error title=broken%3A the run as a whole',
    'error title=kernels differ%3A host/a',
  ])
  expect(annotationsOfKernels(different)).toEqual(['::error title=kernels differ%3A host/a::bytes read%0A6.1.176, 6.12.101: 1%0A7.2.7: 2'])
})

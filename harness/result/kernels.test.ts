import { describe, expect, test } from 'vitest'
import { exampleCell, exampleCopy, exampleEvidence, exampleResult } from '../../tests/support/example_result.ts'
import { publishedSchema } from '../../tests/support/published_schema.ts'
import type { CellResult } from './cell.ts'
import type { CopyResult } from './copy.ts'
import { compareKernels, type KernelRun, kernelOutcomeOf, kernelsSchema, kernelsStatusOf } from './kernels.ts'
import type { Result } from './result.ts'

const evidence = exampleEvidence()
const mapped = (mappedBytes: number, to = mappedBytes): CellResult =>
  exampleCell({ evidence: { ...evidence, after: { mappedBytes, mapped: [{ from: 0, to, value: true }], dataPercent: '' } } })
const failing = exampleCell({ verdict: 'refuted', findings: [{ check: 'bytes', ok: false, text: '4096 bytes are wrong' }] })
const left = exampleCell({ verdict: 'not-shown', reason: 'the run was stopped', findings: [] })
const broken = exampleCell({ verdict: 'broken', reason: 'the guest died', findings: [] })

const NAMES = ['6.1.176', '6.12.101', '7.2.7'] as const
/** A run of one cell on each kernel. */
const runsOf = (...cells: readonly CellResult[]): KernelRun[] =>
  cells.map((cell, index) => ({ kernel: NAMES[index] ?? '', result: exampleResult([cell]) }))
const compare = (runs: readonly KernelRun[]) => compareKernels(runs, (kernel) => `kernel-${kernel}`)
const differencesOf = (...cells: readonly CellResult[]) => compare(runsOf(...cells)).differences
const ofCopies = (...copies: readonly CopyResult[]) =>
  compare(copies.map((copy, index) => ({ kernel: NAMES[index] ?? '', result: exampleResult([], { copies: [copy] }) }))).differences

// `vitest run -u` writes it anew after a change of the shape.
test('the published schema is the one of runs on several kernels', async () => {
  await expect(`${JSON.stringify(publishedSchema(kernelsSchema), null, 2)}\n`).toMatchFileSnapshot('../../schemas/kernels.schema.json')
})

describe('kernels', () => {
  test('that show the same are upheld without a difference', () => {
    const kernels = compare(runsOf(exampleCell(), exampleCell({ seconds: 99, machine: 'uml2' }), exampleCell()))

    expect(kernels).toMatchObject({ verdict: 'upheld', compared: 1, differences: [], notCompared: [], counts: { upheld: 3 } })
    expect(kernels.kernels[1]).toMatchObject({ kernel: '6.12.101', folder: 'kernel-6.12.101', verdict: 'upheld', seconds: 61.25 })
    expect(kernelsSchema.parse(kernels)).toEqual(kernels)
  })

  test('that differ in one number of mapped bytes are reported with both, and those alike are together', () => {
    expect(differencesOf(mapped(65536), mapped(65536), mapped(131072))).toEqual([
      {
        id: 'host/lvm-thin/lvm-thin/mixed',
        field: 'mapped on the destination',
        values: [
          { value: '65536', kernels: ['6.1.176', '6.12.101'] },
          { value: '131072', kernels: ['7.2.7'] },
        ],
      },
    ])
  })

  test('are not told apart by what an instance wrote while its volume was copied', () => {
    const live = (mappedBytes: number, writer: CellResult['writer']): CellResult => ({ ...mapped(mappedBytes), writer })

    expect(differencesOf(live(65536, 'mixed'), live(131072, 'mixed'))).toEqual([])
    expect(differencesOf(live(65536, 'none'), live(131072, 'none'))).toHaveLength(1)
  })

  test('are not told apart by what LVM counts of a pool that has lost a volume', () => {
    const [row] = evidence.rowsBefore
    const orphan = (data_percent: string): CellResult =>
      exampleCell({
        id: 'orphan/host/lvm-thin/lvm-thin',
        evidence: { ...evidence, rowsBefore: row === undefined ? [] : [{ ...row, data_percent }] },
      })

    expect(differencesOf(orphan('66.67'), orphan('15.36'))).toEqual([])
  })

  test('that differ in a verdict are reported with both', () => {
    expect(differencesOf(exampleCell(), failing)).toEqual([
      {
        id: failing.id,
        field: 'verdict',
        values: [
          { value: 'upheld', kernels: ['6.1.176'] },
          { value: 'refuted', kernels: ['6.12.101'] },
        ],
      },
      expect.objectContaining({ field: 'failed checks' }),
    ])
  })

  test('that map as many bytes in other places are told apart by the first range that differs', () => {
    const values = differencesOf(mapped(65536, 1), mapped(65536, 2), mapped(65536, 1))[0]?.values

    expect(values).toEqual([
      { value: '65536; 0-1', kernels: ['6.1.176', '7.2.7'] },
      { value: '65536; 0-2', kernels: ['6.12.101'] },
    ])
  })

  test('are told apart where one has no value', () => {
    const { after, ...without } = evidence
    const fields = differencesOf(exampleCell(), exampleCell({ evidence: without }))

    expect(after).toBeDefined()
    expect(fields.map(({ field, values }) => [field, values[1]?.value])).toContainEqual(['mapped on the destination', 'absent'])
  })

  test.each<[string, Partial<typeof evidence>]>([
    ['copy mode', { decision: { mode: 'full', decidedBy: 'claimed-true', reason: '' } }],
    ['decided by', { decision: { mode: 'sparse', decidedBy: 'no-answer', reason: '' } }],
    ['moved by', { movedBy: 'driver' }],
    ['bytes read', { moved: { readBytes: 1 } }],
    ['bytes written', { moved: { writtenBytes: 1 } }],
    ['source remains', { sourceRemains: true }],
    ['pool used on the source', { before: { ...evidence.before, pool: { usedBytes: 1, totalBytes: 25165824, dataPercent: '' } } }],
    ['lvs before', { rowsBefore: evidence.rowsBefore.map((row) => ({ ...row, lv_attr: 'Vwi-a-tz-p' })) }],
    ['wrong bytes', { verification: { checkedBytes: 16777216, wrongBytes: 1, differences: [], moreDifferences: 0 } }],
  ])('are told apart by: %s', (field, change) => {
    expect(differencesOf(exampleCell(), exampleCell({ evidence: { ...evidence, ...change } })).map((some) => some.field)).toEqual([field])
  })

  test('may have files of as many bytes as was predicted and some of the filesystem', () => {
    const file = (mappedBytes: number, findings: CellResult['findings'] = []) => {
      const bytes = { sourceMappedBytes: 0, destinationMappedBytes: 65536, wrongBytes: 0, readBytes: 65536, writtenBytes: 65536 }
      const prediction = { content: [], destinationMapped: [], written: [], ...bytes }
      return exampleCell({ findings, prediction, evidence: { ...evidence, after: { mappedBytes, dataPercent: '' } } })
    }
    const wrong = [{ check: 'model/destination-mapped', ok: false, text: 'too much' }]

    expect(differencesOf(file(65536), file(69632))).toEqual([])
    expect(differencesOf(file(65536), file(6553600, wrong)).map(({ field }) => field)).toEqual([
      'failed checks',
      'mapped on the destination',
    ])
  })

  test('may name their volume groups as they like', () => {
    const rowsBefore = evidence.rowsBefore.map((row) => ({ ...row, vg_name: 'holeproof_2_source', pool_lv: 'holeproof_2_source-pool' }))

    expect(differencesOf(exampleCell(), exampleCell({ evidence: { ...evidence, rowsBefore } }))).toEqual([])
  })
})

describe('the wrong bytes of a copy', () => {
  const seen = (value: 'stale' | 'noise', from: number) => ({
    seen: { content: [{ from, to: 8192, value }], predicted: [], predictedMapped: [], written: [] },
  })

  test.each([
    ['stale bytes where zeros belong', seen('stale', 4096), ['wrong bytes']],
    ["stale bytes where data belongs, some of which are the data's by chance", seen('stale', 0), []],
    ['noise, some of which is right by chance', seen('noise', 4096), []],
  ])('are compared unless chance has a part in them: %s', (_, content, fields) => {
    const copies = [4096, 4080].map((wrongBytes) => exampleCopy({ ...content, wrongBytes }))

    expect(ofCopies(...copies).map(({ field }) => field)).toEqual(fields)
  })

  test('are told apart from none, always', () => {
    expect(ofCopies(exampleCopy(), exampleCopy({ ...seen('noise', 0), wrongBytes: 8000 })).map(({ field }) => field)).toContain(
      'wrong bytes',
    )
  })

  test('are not compared for the copy of a cell that failed', () => {
    expect(ofCopies(exampleCopy({ id: 'copy/a' }), exampleCopy({ id: 'copy/a', wrongBytes: 512 }))).toEqual([])
  })
})

describe('what a kernel does not show', () => {
  test('is not compared, and the others are', () => {
    const kernels = compare(runsOf(left, mapped(65536), mapped(131072)))

    expect(kernels).toMatchObject({ verdict: 'not-shown', compared: 1 })
    expect(kernels.differences.map(({ values }) => values.flatMap((value) => value.kernels))).toEqual([['6.12.101', '7.2.7']])
    expect(kernels.notCompared).toEqual([{ kernel: '6.1.176', verdict: 'not-shown', reason: 'the run was stopped', ids: [left.id] }])
  })

  test('because the lab broke is no difference', () => {
    expect(compare(runsOf(broken, exampleCell()))).toMatchObject({ verdict: 'broken', compared: 0, differences: [] })
  })
})

describe('the run ends', () => {
  const lacking = { kernel: '6.1.176', result: exampleResult([left]), lacks: 'it did not boot' }
  const stopped: Partial<Result> = { stopped: true }

  test.each<[string, readonly KernelRun[], string]>([
    ['upheld', runsOf(exampleCell(), exampleCell()), 'upheld'],
    ['refuted if a kernel is', runsOf(failing, failing), 'refuted'],
    ['refuted if kernels differ', runsOf(mapped(65536), mapped(131072)), 'refuted'],
    ['broken if the lab broke', runsOf(exampleCell(), broken), 'broken'],
    ['broken if a kernel cannot be used', [lacking, ...runsOf(exampleCell())], 'broken'],
    ['refuted if another kernel is and one cannot be used', [lacking, ...runsOf(failing)], 'refuted'],
    ['broken if it was stopped', [...runsOf(exampleCell()), { kernel: '7.2.7', result: exampleResult([left], stopped) }], 'broken'],
  ])('%s', (_, runs, status) => {
    expect(kernelsStatusOf(runs, compare(runs))).toBe(status)
  })

  test('refuted if something is not shown in a strict run only', () => {
    const runs = runsOf(exampleCell(), exampleCell()).map(({ kernel, result }) => ({
      kernel,
      result: exampleResult([...result.cells, { ...left, id: 'host/b' }]),
    }))

    expect([false, true].map((strict) => kernelsStatusOf(runs, compare(runs), strict))).toEqual(['upheld', 'refuted'])
  })

  test('with the reason why a kernel cannot be used', () => {
    expect(kernelOutcomeOf(lacking)).toEqual({ status: 'broken', why: ['it did not boot'] })
    expect(compare([lacking]).kernels[0]?.lacks).toBe('it did not boot')
  })
})

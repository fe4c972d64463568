import { describe, expect, test } from 'vitest'
import { lengthOf, overlay, range } from '../content/ranges.ts'
import { predict } from '../model/copy_case.ts'
import type { Verification } from '../result/bytes.ts'
import type { CopyCase } from '../result/copy.ts'
import { MiB } from '../units.ts'
import { describeCopyCase } from './describe_copy.ts'
import { judgeCopy, rulePermits } from './judge_copy.ts'
import type { CopyRun } from './run_copy.ts'
import { traps } from './traps.ts'

function trap(id: string): CopyCase {
  const found = traps.find((some) => some.id === `trap/${id}`)
  if (found === undefined) throw new Error(`no trap ${id}`)
  return found.copyCase
}

/** A run of a copy that came out as predicted. */
function asPredicted(copyCase: CopyCase): CopyRun {
  const prediction = predict(copyCase)
  const { content, wrong, sourceMapped, destinationMapped, poolUsedBytes, copied } = prediction
  const [first] = wrong
  const behind = content.filter(({ from, value }) => from >= copyCase.sizeBytes && value === 'stale')
  const differences: Verification['differences'] = [...(first === undefined ? [] : [first]), ...behind].map(({ from, to }) => ({
    offset: from,
    length: to - from,
    wrong: to - from,
    expected: 'zero',
    found: { what: 'poison' },
  }))
  return {
    prediction,
    verification: {
      checkedBytes: copyCase.destination.sizeBytes,
      wrongBytes: lengthOf(wrong) + lengthOf(behind),
      differences,
      moreDifferences: 0,
      byteClasses: content,
    },
    measured: {
      byteClasses: content,
      classifiedBytes: copyCase.destination.sizeBytes,
      source: { mappedBytes: lengthOf(sourceMapped), slack: false, mapped: sourceMapped },
      destination: { mappedBytes: lengthOf(destinationMapped), slack: false, mapped: destinationMapped },
      ...(poolUsedBytes !== undefined && { poolUsedBytes }),
      readBytes: copied.readBytes,
      writtenBytes: copied.writtenBytes,
      discardRefused: copied.refused === 'discard',
    },
  }
}

const failed = (...judged: Parameters<typeof judgeCopy>) =>
  judgeCopy(...judged)
    .findings.filter(({ ok }) => !ok)
    .map(({ check }) => check)

describe('a copy that came out as predicted', () => {
  test.each(traps.map(({ id, copyCase, expect: known }) => [id, copyCase, known] as const))(
    '%s has no failed check',
    (_, copyCase, known) => {
      expect(failed(copyCase, asPredicted(copyCase), known)).toEqual([])
    },
  )

  test('of a larger destination tells the old bytes behind the end apart from wrong ones', () => {
    const copyCase = trap('thick-larger/full')

    expect(judgeCopy(copyCase, asPredicted(copyCase))).toMatchObject({ wrongBytes: 0, staleBytesPastEnd: 8 * MiB })
  })
})

describe('a check fails', () => {
  test('when a copy that the rule permits is corrupt', () => {
    const copyCase = trap('file/sparse')
    const good = asPredicted(copyCase)
    const wrong = { offset: 0, length: 1, wrong: 1, expected: 'zero', found: { what: 'poison' } } as const
    const bad = { ...good, verification: { ...good.verification, wrongBytes: 1, differences: [wrong] } }

    expect(rulePermits(copyCase)).toBe(true)
    expect(failed(copyCase, bad, 'intact')).toEqual(['rule', 'trap'])
  })

  test('when a trap that must corrupt does not', () => {
    const copyCase = trap('thick/sparse')
    const { verification, ...rest } = asPredicted(copyCase)

    expect(failed(copyCase, { ...rest, verification: { ...verification, wrongBytes: 0, differences: [] } }, 'corrupt')).toEqual(['trap'])
  })

  test('when storage and model part', () => {
    const copyCase = trap('thick/sparse')
    const { measured, ...rest } = asPredicted(copyCase)
    const byteClasses = overlay(measured.byteClasses ?? [], range(2 * MiB, 2 * MiB + 4096, 'zero' as const))

    expect(failed(copyCase, { ...rest, measured: { ...measured, byteClasses } })).toEqual(['model/bytes'])
  })
})

describe('the rule permits', () => {
  test.each([
    ['thin-large-chunk/sparse', true],
    ['thin-used/full', true],
    ['luks-on-thin/full', true],
    ['file-reserved/sparse-kept', true],
    ['thin-nozero/sparse', false],
    ['thin-nozero/sparse-by-chunk', false],
    ['thin-used/sparse', false],
    ['thin-snapshot/sparse', false],
    ['thin-external-origin/sparse', false],
    ['luks-on-thin/sparse', false],
    ['thick/sparse', false],
    ['thick/zero-out-then-sparse', false],
    ['file-used/sparse-kept', false],
  ])('%s: %s', (id, permitted) => {
    expect(rulePermits(trap(id))).toBe(permitted)
  })
})

test('a copy is described on one line', () => {
  expect(describeCopyCase(trap('thin-nozero/sparse'))).toMatch(
    /^16 MiB with \d+ writes, the first 1 \S+ of data at 0, from a thin volume \(chunks of 64 KiB\), onto new: a thin volume \(chunks of 2 MiB, without zeroing\), sparse by 1 MiB$/,
  )
  expect(describeCopyCase(trap('luks-on-thin/full'))).toContain('onto encryption on new: a thin volume')
})

import { describe, expect, test } from 'vitest'
import { lengthOf, overlay, run } from '../content/runs.ts'
import type { Surveyed } from '../content/verify.ts'
import { predict, type World } from '../model/world.ts'
import { MiB } from '../units.ts'
import { describeWorld } from './describe_copy.ts'
import { judgeWorld, permits } from './judge_copy.ts'
import type { WorldRun } from './run_copy.ts'
import { traps } from './traps.ts'

function trap(id: string): World {
  const found = traps.find((some) => some.id === `trap/${id}`)
  if (found === undefined) throw new Error(`no trap ${id}`)
  return found.world
}

/** A run of a world that came out as predicted. */
function asPredicted(world: World): WorldRun {
  const prediction = predict(world)
  const { content, wrong, sourceMapped, destinationMapped, poolUsedBytes, copied } = prediction
  const [first] = wrong
  const behind = content.filter(({ from, value }) => from >= world.sizeBytes && value === 'stale')
  const differences: Surveyed['differences'] = [...(first === undefined ? [] : [first]), ...behind].map(({ from, to }) => ({
    offset: from,
    length: to - from,
    wrong: to - from,
    expected: 'zero',
    found: { what: 'poison' },
  }))
  return {
    prediction,
    verification: {
      checkedBytes: world.destination.sizeBytes,
      wrongBytes: lengthOf(wrong) + lengthOf(behind),
      differences,
      moreDifferences: 0,
      survey: content,
    },
    measured: {
      survey: content,
      surveyedBytes: world.destination.sizeBytes,
      source: { mappedBytes: lengthOf(sourceMapped), slack: false, mapped: sourceMapped },
      destination: { mappedBytes: lengthOf(destinationMapped), slack: false, mapped: destinationMapped },
      ...(poolUsedBytes !== undefined && { poolUsedBytes }),
      readBytes: copied.readBytes,
      writtenBytes: copied.writtenBytes,
      discardRefused: copied.refused === 'discard',
    },
  }
}

const failed = (...judged: Parameters<typeof judgeWorld>) =>
  judgeWorld(...judged)
    .findings.filter(({ ok }) => !ok)
    .map(({ check }) => check)

describe('a copy that came out as predicted', () => {
  test.each(traps.map(({ id, world, expect: known }) => [id, world, known] as const))('%s has no failed check', (_, world, known) => {
    expect(failed(world, asPredicted(world), known)).toEqual([])
  })

  test('of a larger destination tells the old bytes behind the end apart from wrong ones', () => {
    const world = trap('thick-larger/full')

    expect(judgeWorld(world, asPredicted(world))).toMatchObject({ wrongBytes: 0, oldBytesBehind: 8 * MiB })
  })
})

describe('a check fails', () => {
  test('when a copy that the rule permits is corrupt', () => {
    const world = trap('file/sparse')
    const good = asPredicted(world)
    const wrong = { offset: 0, length: 1, wrong: 1, expected: 'zero', found: { what: 'poison' } } as const
    const bad = { ...good, verification: { ...good.verification, wrongBytes: 1, differences: [wrong] } }

    expect(permits(world)).toBe(true)
    expect(failed(world, bad, 'intact')).toEqual(['rule', 'trap'])
  })

  test('when a trap that must corrupt does not', () => {
    const world = trap('thick/sparse')
    const { verification, ...rest } = asPredicted(world)

    expect(failed(world, { ...rest, verification: { ...verification, wrongBytes: 0, differences: [] } }, 'corrupt')).toEqual(['trap'])
  })

  test('when storage and model part', () => {
    const world = trap('thick/sparse')
    const { measured, ...rest } = asPredicted(world)
    const survey = overlay(measured.survey ?? [], run(2 * MiB, 2 * MiB + 4096, 'zero' as const))

    expect(failed(world, { ...rest, measured: { ...measured, survey } })).toEqual(['model/bytes'])
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
    expect(permits(trap(id))).toBe(permitted)
  })
})

test('a world is described on one line', () => {
  expect(describeWorld(trap('thin-nozero/sparse'))).toMatch(
    /^16 MiB with \d+ writes, the first 1 \S+ of data at 0, from a thin volume \(chunks of 64 KiB\), onto new: a thin volume \(chunks of 2 MiB, without zeroing\), sparse by 1 MiB$/,
  )
  expect(describeWorld(trap('luks-on-thin/full'))).toContain('onto encryption on new: a thin volume')
})

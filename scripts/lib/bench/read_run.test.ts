import { describe, expect, test } from 'vitest'
import { exampleCell } from '../../../tests/support/example_result.ts'
import { FIGURES } from './figures.ts'
import { judgeRun, machinesText, runSchema } from './read_run.ts'

const machine = { name: 'uml1', kind: 'uml', kernel: '6.1.176' }
const parts = { verdict: 'upheld', seconds: 60, machines: [machine] }
const copy = { id: 'random/1', seconds: 2 }
const upheld = runSchema.parse({ ...parts, copies: [copy, copy, copy] })
const ended = { seconds: 61, failure: undefined, run: upheld }
const [fresh, matrix, , , explore, all] = FIGURES

describe('a result', () => {
  test('is read from this version', () => {
    const { cells } = runSchema.parse({ ...parts, cells: [exampleCell()] })

    expect(cells).toEqual([{ seconds: 2.44, commands: [{ argv: ['lvs', '--reportformat', 'json'], seconds: 0.16 }], phases: [] }])
  })

  test('is read from version 1, which called its copies worlds', () => {
    expect(runSchema.parse({ ...parts, schema: 'holeproof-result-1', worlds: [copy] }).copies).toHaveLength(1)
  })

  test('has phases where they were recorded', () => {
    const phases = [{ name: 'poison', seconds: 1.5 }]

    expect(runSchema.parse({ ...parts, copies: [{ ...copy, phases }] }).copies).toEqual([{ seconds: 2, commands: [], phases }])
  })
})

describe('the value of a run', () => {
  test.each([fresh, matrix])('is its time: $id', (figure) => {
    expect(figure && judgeRun(figure, ended)).toEqual({ kind: 'value', value: 61 })
  })

  test('is the number of its copies by its own time', () => {
    expect(explore && judgeRun(explore, { ...ended, run: { ...upheld, seconds: 90 } })).toEqual({ kind: 'value', value: 2 })
    expect(explore && judgeRun(explore, { ...ended, run: { ...upheld, copies: [] } })).toEqual({ kind: 'none', why: 'it made no copies' })
  })

  test('is absent unless the run was upheld and exited with 0', () => {
    const why = (run: Partial<typeof ended>) => matrix && judgeRun(matrix, { ...ended, ...run })

    expect(why({ run: { ...upheld, verdict: 'not-shown' } })).toEqual({ kind: 'none', why: 'the verdict is not-shown' })
    expect(matrix && judgeRun(matrix, { ...ended, failure: 'it exited with 1' })).toEqual({ kind: 'none', why: 'it exited with 1' })
    expect(matrix && judgeRun(matrix, { ...ended, run: undefined })).toMatchObject({ kind: 'none' })
  })

  test('of the tests needs no result', () => {
    expect(all && judgeRun(all, { ...ended, run: undefined })).toEqual({ kind: 'value', value: 61 })
  })
})

test('machines of a kind are counted', () => {
  expect(machinesText([machine, machine, { kind: 'qemu', kernel: '6.12' }])).toBe('2 x uml 6.1.176, 1 x qemu 6.12')
  expect(machinesText([])).toBeUndefined()
})

import { describe, expect, test } from 'vitest'
import { exampleCell, exampleEvidence } from '../../../tests/support/example_result.ts'
import type { CellResult } from '../../result/cell.ts'
import type { CopyResult } from '../../result/copy.ts'
import { mapOfCell, mapOfCopy } from './map_rows.ts'

const evidence = exampleEvidence()
const byteClasses = [{ from: 0, to: 100, value: 'zero' as const }]
const verification = { checkedBytes: 100, wrongBytes: 0, differences: [], moreDifferences: 0, byteClasses }
const written = { offset: 20, length: 10, write: 'data' as const }
const prediction: NonNullable<CellResult['prediction']> = {
  content: byteClasses,
  wrongBytes: 0,
  sourceMappedBytes: 50,
  destinationMappedBytes: 50,
  readBytes: 100,
  writtenBytes: 50,
  destinationMapped: [{ from: 0, to: 50, value: true }],
  written: [{ from: 0, to: 50, value: true }],
}
const cell = exampleCell({ sizeBytes: 100, extents: [written], evidence: { ...evidence, verification }, prediction })
const names = ({ rows }: ReturnType<typeof mapOfCell>) => rows.map(({ name }) => name)

describe('the map of a cell', () => {
  test('has the source, the copy, and the destination as predicted and as found', () => {
    expect(names(mapOfCell(cell))).toEqual(['source', 'the copy', 'predicted', 'destination'])
  })

  test('tells what of a thin source has no storage, and what of a thick one is zero', () => {
    const mapped = [{ from: 10, to: 30, value: true as const }]
    const thin = exampleCell({ ...cell, evidence: { ...evidence, verification, before: { ...evidence.before, mapped } } })

    expect(mapOfCell(cell).source?.stretches).toEqual([
      { from: 0, to: 20, value: 'zero' },
      { from: 20, to: 30, value: 'data' },
      { from: 30, to: 100, value: 'zero' },
    ])
    expect(mapOfCell(thin).source?.stretches).toEqual([
      { from: 0, to: 10, value: 'unmapped' },
      { from: 10, to: 20, value: 'zero' },
      { from: 20, to: 30, value: 'data' },
      { from: 30, to: 100, value: 'unmapped' },
    ])
  })

  test('shows the storage of a thin destination, and its prediction', () => {
    const mapped = [{ from: 0, to: 60, value: true as const }]
    const thin = exampleCell({ ...cell, evidence: { ...evidence, verification, after: { ...evidence.before, mapped } } })

    expect(names(mapOfCell(thin)).slice(-2)).toEqual(['storage, predicted', 'storage'])
    expect(mapOfCell(thin).destination?.stretches.at(-1)).toEqual({ from: 60, to: 100, value: 'unmapped' })
  })

  test('has no destination where nothing was migrated: the source was read', () => {
    const failed = exampleCell({ ...cell, evidence: { ...evidence, verification, outcome: 'failed' } })

    expect(mapOfCell(failed).destination).toBeUndefined()
  })

  test('is empty of a cell that did not run', () => {
    const { evidence: _, ...rest } = exampleCell()

    expect(mapOfCell(rest).rows).toEqual([])
  })
})

test('the map of a copy goes on behind the volume where the destination is larger', () => {
  const thick = { kind: 'thick' as const }
  const copyCase: CopyResult = {
    id: 'trap/x',
    description: '',
    verdict: 'upheld',
    findings: [],
    permitted: true,
    predictedWrongBytes: 0,
    machine: 'uml1',
    repeat: '',
    seconds: 1,
    copyCase: {
      sizeBytes: 100,
      source: { storage: thick, sizeBytes: 100, extents: [written] },
      destination: { storage: thick, sizeBytes: 160, prior: { kind: 'new' } },
      copy: { how: 'full', blockBytes: 50 },
    },
    seen: {
      content: [{ from: 0, to: 160, value: 'stale' }],
      predicted: [{ from: 0, to: 160, value: 'stale' }],
      predictedMapped: [],
      written: [],
    },
  }

  expect(mapOfCopy(copyCase)).toMatchObject({ volumeBytes: 100, sizeBytes: 160 })
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { exampleCertificate } from '../../tests/support/example_certificate.ts'
import { exampleCell, exampleCopy, exampleResult } from '../../tests/support/example_result.ts'
import type { CellResult } from './cell.ts'
import type { Certificate } from './certificate.ts'
import type { CopyResult } from './copy.ts'
import { verdictSchema } from './finding.ts'
import { mergeResults, type Part, type StandIns } from './merge.ts'
import { type Result, resultSchema } from './result.ts'
import { resultOf } from './verdicts.ts'

const verdict = fc.constantFrom(...verdictSchema.options)
const cell = fc.record({ id: fc.uuid(), verdict, disagrees: fc.boolean() }).map(({ id, verdict, disagrees }) =>
  exampleCell({
    id,
    verdict,
    findings: [{ check: 'model/bytes', ok: !disagrees, text: 'as predicted, or not' }],
  }),
)
const copyCase = fc.record({ id: fc.uuid(), verdict }).map(exampleCopy)
const certificate = fc.record({ driver: fc.uuid(), verdict }).map(exampleCertificate)

/** A run as it ends without shards: of the cells that disagree with the model the first is looked into as a mere copy. */
const wholeRuns = fc
  .record({
    cells: fc.array(cell, { maxLength: 12 }),
    copies: fc.array(copyCase, { maxLength: 6 }),
    certificates: fc.array(certificate, { maxLength: 4 }),
    leaks: fc.array(fc.string(), { maxLength: 1 }),
  })
  .filter(({ cells, copies, certificates }) => cells.length + copies.length + certificates.length > 0)
  .map((run) => ({ ...run, copies: [...run.copies, ...copiesIn(run.cells)] }))

/** For each of a run's entries, in order, which shard has it; every shard is there. */
const sharedOut = fc.tuple(wholeRuns, fc.integer({ min: 1, max: 5 }), fc.infiniteStream(fc.nat()))

function copiesIn(cells: readonly CellResult[]): CopyResult[] {
  const first = cells.find(({ findings }) => findings.some(({ ok }) => !ok))
  return first === undefined ? [] : [exampleCopy({ id: `copy/${first.id}` })]
}

const isCopy = ({ id }: CopyResult) => id.startsWith('copy/')

function partsOf(run: Pick<Result, 'cells' | 'copies' | 'certificates' | 'leaks'>, of: number, shardOf: () => number): Part[] {
  const at = new Map<object, number>()
  for (const entry of [...run.cells, ...run.copies, ...run.certificates]) at.set(entry, (shardOf() % of) + 1)
  return Array.from({ length: of }, (_, index): Part => {
    const number = index + 1
    const mine = (entry: object) => at.get(entry) === number
    const cells = run.cells.filter(mine)
    const shard = {
      number,
      of,
      asked: 'scripts/verify',
      whole: {
        cells: run.cells.map(({ id }) => id),
        copies: run.copies.filter((some) => !isCopy(some)).map(({ id }) => id),
        drivers: run.certificates.map(({ driver, kind }) => ({ driver, kind })),
      },
    }
    const parts = {
      ...exampleResult([]),
      shard,
      cells,
      copies: [...run.copies.filter((some) => mine(some) && !isCopy(some)), ...copiesIn(cells)],
      certificates: run.certificates.filter(mine),
      leaks: index === 0 ? run.leaks : [],
    }
    return { name: `shard-${number}`, result: resultOf(parts) }
  })
}

/** What may differ between a run with shards and one without. */
function comparable(result: Result): object {
  const { machines, merged, seconds, startedAt, ...rest } = result
  const nowhere = <Entry extends { machine: string }>(entry: Entry) => ({ ...entry, machine: '' })
  return {
    ...rest,
    cells: rest.cells.map(nowhere),
    copies: rest.copies.map(nowhere),
    certificates: rest.certificates.map(nowhere),
  }
}

const standIns: StandIns = {
  cell: (id, reason) => exampleCell({ id, verdict: 'not-shown', reason, findings: [], machine: '' }),
  copy: (id, reason) => exampleCopy({ id, verdict: 'not-shown', reason, findings: [], machine: '' }),
}

describe('the results of shards', () => {
  test('make the result of the whole run, however they were shared out and in whatever order they come', () => {
    fc.assert(
      fc.property(sharedOut, fc.infiniteStream(fc.nat()), ([run, of, stream], shuffle) => {
        const parts = partsOf(run, of, () => stream.next().value ?? 0)
        const shuffled = parts.map((part) => ({ part, at: shuffle.next().value ?? 0 })).toSorted((one, other) => one.at - other.at)
        const merged = mergeResults(shuffled.map(({ part }) => part))

        if (merged.kind !== 'merged') throw new Error(merged.why.join('; '))
        expect(comparable(merged.result)).toEqual(comparable(resultOf({ ...exampleResult([]), ...run })))
        expect(resultSchema.parse(merged.result)).toEqual(merged.result)
      }),
    )
  })

  test('are never upheld while a shard is missing, and lack nothing then', () => {
    fc.assert(
      fc.property(sharedOut, fc.nat(), ([run, of, stream], lost) => {
        const parts = partsOf(run, of + 1, () => stream.next().value ?? 0)
        const left = parts.toSpliced(lost % parts.length, 1)
        const merged = mergeResults(left, standIns)
        const gone = parts[lost % parts.length]?.result

        expect(mergeResults(left).kind).toBe(gone !== undefined && held(gone) > 0 ? 'incomplete' : 'merged')
        if (merged.kind !== 'merged') throw new Error(merged.why.join('; '))
        const { result } = merged
        expect(result.cells.map(({ id }) => id)).toEqual(run.cells.map(({ id }) => id))
        expect(result.certificates.map(({ driver }) => driver)).toEqual(run.certificates.map(({ driver }) => driver))
        if (gone !== undefined && held(gone) > 0) expect(result.verdict).not.toBe('upheld')
      }),
    )
  })
})

function held({ cells, copies, certificates }: Result): number {
  return cells.length + copies.filter((some) => !isCopy(some)).length + certificates.length
}

const two = (change: Partial<Result> = {}, shard: Partial<NonNullable<Result['shard']>> = {}): Part[] => {
  const cells = [exampleCell({ id: 'host/a' }), exampleCell({ id: 'host/b' })]
  const whole = { cells: ['host/a', 'host/b'], copies: [], drivers: [] }
  const part = (index: number): Part => ({
    name: `part-${index + 1}`,
    result: exampleResult(cells.slice(index, index + 1), { shard: { number: index + 1, of: 2, asked: 'scripts/verify', whole } }),
  })
  const [one, other] = [part(0), part(1)]
  const { result } = other
  return [one, { ...other, result: { ...result, ...change, ...(result.shard && { shard: { ...result.shard, ...shard } }) } }]
}

const why = (parts: readonly Part[], allow?: StandIns) => {
  const merged = mergeResults(parts, allow)
  return merged.kind === 'merged' ? [] : merged.why
}

function mergedOf(parts: readonly Part[], allow?: StandIns): Result {
  const merged = mergeResults(parts, allow)
  if (merged.kind !== 'merged') throw new Error(merged.why.join('; '))
  return merged.result
}

describe('parts that do not fit together', () => {
  test.each<[string, readonly Part[], readonly string[]]>([
    ['none at all', [], ['there is nothing to merge']],
    ['another version', two({ version: '0.2.0' }), ['another version: part-1 has 0.1.0, part-2 has 0.2.0']],
    ['another seed', two({ seed: 8 }), ['another seed: part-1 has 7, part-2 has 8']],
    ['a broken rule', two({ brokenRule: 'always-sparse' }), ['another broken rule: part-1 has none, part-2 has always-sparse']],
    [
      'another command',
      two({}, { asked: 'scripts/verify --only host' }),
      ['another command: part-1 has scripts/verify, part-2 has scripts/verify --only host'],
    ],
    ['another number of shards', two({}, { of: 3 }), ['another number of shards: part-1 has 2, part-2 has 3']],
    [
      'other cells',
      two({}, { whole: { cells: ['host/b'], copies: [], drivers: [] } }),
      ['part-1 and part-2 are parts of runs of different cells, copies or drivers'],
    ],
    ['a shard twice', [...two(), ...two().slice(1)], ['shard 2 of 2 is present 2 times: part-2, part-2']],
    ['a cell twice', two({ cells: [exampleCell({ id: 'host/a' })] }), ['host/a is in more than one shard: part-1, part-2']],
    ['a shard missing', two().slice(1), ['shard 1 of 2 is missing']],
    ['a cell that no shard ran', two({ cells: [] }), ['host/b: in none of the results']],
    [
      'the result of a whole run',
      [...two(), { name: 'whole', result: exampleResult() }],
      ['whole is not the result of a shard: its run had no --shard'],
    ],
  ])('are refused: %s', (_, parts, reasons) => {
    expect(why(parts)).toEqual(reasons)
  })

  test('are told with all that is wrong at once', () => {
    expect(why(two({ version: '0.2.0', seed: 8 }))).toHaveLength(2)
  })

  test('are refused also where missing shards are allowed', () => {
    expect(why(two({ seed: 8 }), standIns)).toHaveLength(1)
  })

  test('are refused when what is missing is not known here', () => {
    const unknown = { cell: () => undefined, copy: () => undefined }
    expect(why(two().slice(1), unknown)).toEqual(['host/a: missing, and not known to this version of holeproof'])
  })
})

describe('a merged result', () => {
  test('names the machines by their shards, and says where each cell ran', () => {
    const { machines, cells } = mergedOf(two())

    expect(machines.map(({ name }) => name)).toEqual(['1/uml1', '2/uml1'])
    expect(cells.map(({ machine }) => machine)).toEqual(['1/uml1', '2/uml1'])
  })

  test('names each of the machines that a driver was installed on', () => {
    const run = { cells: [], copies: [], certificates: [exampleCertificate({ machine: 'uml1, uml2' })], leaks: [] }
    const { certificates } = mergedOf(partsOf(run, 1, () => 0))

    expect(certificates.map(({ machine }) => machine)).toEqual(['1/uml1, 1/uml2'])
  })

  test('began with the first shard, and took what all of them took', () => {
    const { startedAt, seconds } = mergedOf(two({ startedAt: '2025-12-31T00:00:00.000Z', seconds: 100 }))

    expect([startedAt, seconds]).toEqual(['2025-12-31T00:00:00.000Z', 161.25])
  })

  test('says which shards were missing, and gives that as the reason', () => {
    const result = mergedOf(two().slice(0, 1), standIns)

    expect(result.merged).toEqual({ shards: 2, missingShards: [2], missing: ['host/b'] })
    expect(result.cells[1]).toMatchObject({ verdict: 'not-shown', reason: 'shard 2 of 2 is missing' })
    expect([result.verdict, result.counts]).toEqual(['not-shown', { upheld: 1, refuted: 0, 'not-shown': 1, broken: 0 }])
  })

  test('was stopped when a shard was', () => {
    expect(mergedOf(two()).stopped).toBeUndefined()
    expect(mergedOf(two({ stopped: true })).stopped).toBe(true)
  })

  test('keeps the leaks of every shard', () => {
    expect(mergedOf(two({ leaks: ['/dev/loop1'] }))).toMatchObject({ leaks: ['/dev/loop1'], verdict: 'broken' })
  })

  test('shows a driver of a missing shard as not shown', () => {
    const whole = { cells: [], copies: [], drivers: ['a', 'b'].map((driver) => ({ driver, kind: 'built-in' as const })) }
    const certificates: Certificate[] = [exampleCertificate({ driver: 'a' })]
    const shard = { number: 1, of: 2, asked: 'scripts/certify a b', whole }
    const { certificates: merged } = mergedOf([{ name: 'one', result: exampleResult([], { shard, certificates }) }], standIns)

    expect(merged[1]).toMatchObject({ driver: 'b', verdict: 'not-shown', reason: 'shard 2 of 2 is missing', repeat: 'scripts/certify a b' })
  })
})

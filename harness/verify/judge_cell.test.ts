import { describe, expect, test } from 'vitest'
import type { Content } from '../content/content.ts'
import { contentOf } from '../content/layouts.ts'
import { clip, lengthOf, type RangeMap } from '../content/ranges.ts'
import { type Prediction, predict } from '../model/copy_case.ts'
import { dataPercent } from '../model/data_percent.ts'
import type { Difference } from '../result/bytes.ts'
import { describeDifference } from '../result/describe.ts'
import type { Evidence } from '../result/evidence.ts'
import type { Finding } from '../result/finding.ts'
import { MiB } from '../units.ts'
import type { Cell } from './cell.ts'
import { judgeCell } from './judge_cell.ts'
import { copyCaseOf } from './model_of_cell.ts'

const SIZE = 16 * MiB
const CHUNK = 64 * 1024
const POOL_BYTES = 3000 * MiB
/** Of the source's pool. */
const USED_BEFORE = 100 * MiB
/** LVM's label, its metadata and the pool's. */
const POOL_START = 32 * MiB
const content = contentOf('mixed', SIZE, 5, 9)
const STALE: Difference = { offset: 4096, length: 512, wrong: 512, expected: 'zero', found: { what: 'poison' } }

const host: Cell = {
  id: 'host/lvm-thin/lvm-thin/mixed',
  method: 'host',
  source: 'lvm-thin',
  destination: 'lvm-thin',
  layout: 'mixed',
  sizeBytes: SIZE,
  backendBytes: 24 * MiB,
  poisonBytes: { source: Number.MAX_SAFE_INTEGER, destination: Number.MAX_SAFE_INTEGER },
  neighbourBytes: 0,
  expect: { mode: 'sparse', movedBy: 'host', decidedBy: 'claimed-true', bytes: 'intact' },
}
const thick: Cell = {
  ...host,
  destination: 'lvm-thick',
  expect: { mode: 'full', movedBy: 'host', decidedBy: 'claimed-false', bytes: 'intact' },
}
const inFull: Cell = { ...host, expect: { ...host.expect, mode: 'full' } }
const control: Cell = {
  ...thick,
  id: 'control/host/lvm-thin/lvm-thick',
  forced: 'sparse',
  expect: { mode: 'sparse', movedBy: 'host', bytes: 'corrupt' },
}
const { destinationMapped: TABLE_MAPPED, poolUsedBytes: TABLE_USED = 0 } = predicted(host, content)
const PERCENT = { pool: dataPercent(TABLE_USED, POOL_BYTES), volume: dataPercent(lengthOf(TABLE_MAPPED), SIZE) }
const table: Cell = {
  ...host,
  id: 'table/sparse',
  backendBytes: POOL_BYTES,
  poisonBytes: { source: USED_BEFORE + POOL_START, destination: TABLE_USED + POOL_START },
  expect: { ...host.expect, dataPercent: { before: PERCENT, after: PERCENT } },
}

function predicted(cell: Cell, some: Content): Prediction {
  return predict(copyCaseOf(cell, some, cell.expect.mode))
}

/** What a run leaves behind when all is as the cell expects it. */
function goodEvidence(cell: Cell, some: Content = content): Evidence {
  const { mode, decidedBy, bytes, dataPercent: percent } = cell.expect
  const { content: byteClasses, wrong, sourceMapped, destinationMapped, poolUsedBytes } = predicted(cell, some)
  const space = (percent: { pool: string; volume: string } | undefined, mapped: RangeMap<true>, usedBytes: number | undefined) => ({
    mappedBytes: lengthOf(mapped),
    dataPercent: percent?.volume ?? dataPercent(lengthOf(mapped), some.sizeBytes),
    ...(usedBytes !== undefined && {
      pool: { usedBytes, totalBytes: POOL_BYTES, dataPercent: percent?.pool ?? dataPercent(usedBytes, POOL_BYTES) },
    }),
  })
  return {
    outcome: 'migrated',
    states: ['starting', 'migrating', 'completing', 'success'],
    movedBy: 'host',
    answer: { kind: 'answered', report: { sparse_copy_volume: mode === 'sparse' } },
    decision: { mode, decidedBy: decidedBy ?? 'forced', reason: 'the destination says so' },
    sourceRemains: false,
    verification: {
      checkedBytes: cell.sizeBytes,
      wrongBytes: lengthOf(wrong),
      differences: bytes === 'corrupt' ? [{ ...STALE }] : [],
      moreDifferences: 0,
      byteClasses: [...byteClasses],
    },
    before: space(percent?.before, sourceMapped, USED_BEFORE),
    after: space(percent?.after, destinationMapped, poolUsedBytes),
    rowsBefore: [],
    rowsAfter: [],
  }
}

const cells: Record<string, Cell> = {
  'a sparse copy to thin': host,
  'a full copy to thick': thick,
  'a copy to a file': { ...host, destination: 'nfs' },
  'a copy from a source that is not thin': { ...host, source: 'nfs' },
  'a control that corrupts': control,
  'a control that loses thinness': { ...host, forced: 'full', expect: { mode: 'full', movedBy: 'host', bytes: 'intact' } },
  "a row of the spec's table": table,
}

describe('good evidence', () => {
  test.each(Object.entries(cells))('of %s passes every check', (_, cell) => {
    expect(failed(cell, goodEvidence(cell))).toEqual([])
  })

  test('of a volume that its own driver moved passes', () => {
    const moved: Partial<Evidence> = { movedBy: 'driver', states: ['starting', 'migrating', 'success'] }

    expect(
      failed({ ...host, method: 'driver', expect: { ...host.expect, movedBy: 'driver' } }, { ...goodEvidence(host), ...moved }),
    ).toEqual([])
  })

  test.each(Object.entries(cells))('of %s is told check by check, each in words', (_, cell) => {
    const { findings } = judgeCell(cell, content, goodEvidence(cell))

    expect(new Set(findings.map(({ check }) => check)).size).toBe(findings.length)
    expect(findings.filter(({ text }) => text.trim() === '')).toEqual([])
  })

  test('brings the checks that a cell is about', () => {
    const checks = (cell: Cell) => judgeCell(cell, content, goodEvidence(cell)).findings.map(({ check }) => check)

    expect(checks(host)).toEqual(['migrated', 'source', 'decision', 'bytes', 'model', 'model/data-percent'])
    expect(checks(control)).toEqual(['migrated', 'source', 'control-corrupts', 'model'])
    expect(checks(table)).toEqual(
      expect.arrayContaining(['source-poison', 'destination-poison', 'data-percent-before', 'data-percent-after']),
    )
  })
})

type Change = (good: Evidence) => Evidence
const space =
  (when: 'before' | 'after', change: (space: Evidence['before']) => Evidence['before']): Change =>
  (good) => ({
    ...good,
    [when]: change(good[when] ?? good.before),
  })
const mapped = (when: 'before' | 'after', by: number) => space(when, (seen) => ({ ...seen, mappedBytes: seen.mappedBytes + by }))

describe('each check goes red alone', () => {
  const verification =
    (change: Partial<NonNullable<Evidence['verification']>>): Change =>
    (good) => {
      const seen = { checkedBytes: SIZE, wrongBytes: 0, differences: [], moreDifferences: 0, ...change }
      return { ...good, verification: { byteClasses: [...clip(good.verification?.byteClasses ?? [], 0, seen.checkedBytes)], ...seen } }
    }
  const decision =
    (change: Partial<NonNullable<Evidence['decision']>>): Change =>
    (good) => ({
      ...good,
      decision: { mode: 'sparse', decidedBy: 'claimed-true', reason: 'seen', ...change },
    })
  const pool = (when: 'before' | 'after', change: Partial<NonNullable<Evidence['before']['pool']>>) =>
    space(when, (seen) => ({ ...seen, pool: { usedBytes: 0, totalBytes: 1, dataPercent: '10.28', ...seen.pool, ...change } }))

  const corruptedWith = (change: Partial<Difference>) =>
    verification({ wrongBytes: lengthOf(predicted(control, content).wrong), differences: [STALE, { ...STALE, ...change }] })

  test.each<[string, Cell, Change, string]>([
    ['a state is missing', host, (good) => ({ ...good, states: ['starting', 'migrating', 'success'] }), 'migrated'],
    [
      'the states come in another order',
      host,
      (good) => ({ ...good, states: ['migrating', 'starting', 'completing', 'success'] }),
      'migrated',
    ],
    ['the last state is an error', host, (good) => ({ ...good, states: ['starting', 'migrating', 'completing', 'error'] }), 'migrated'],
    [
      'the driver moved it with the states of the host',
      { ...host, method: 'driver' },
      (good) => ({ ...good, movedBy: 'driver' }),
      'migrated',
    ],
    ['the migration failed', host, (good) => ({ ...good, outcome: 'failed', why: 'ENOSPC', sourceRemains: true }), 'migrated'],
    ['the migration was refused', host, (good) => ({ ...good, outcome: 'refused', why: 'in use', sourceRemains: true }), 'migrated'],
    ['the source remains', host, (good) => ({ ...good, sourceRemains: true }), 'source'],
    [
      'the other mode was decided',
      host,
      () => ({ ...goodEvidence(inFull), decision: { mode: 'full', decidedBy: 'claimed-true', reason: 'seen' } }),
      'decision',
    ],
    ['another condition decided', thick, decision({ mode: 'full', decidedBy: 'no-answer' }), 'decision'],
    ['nothing was decided', host, ({ decision: _, ...rest }) => rest, 'decision'],
    ['a byte is wrong', host, verification({ wrongBytes: 1, differences: [{ ...STALE, length: 1, wrong: 1 }] }), 'bytes'],
    ['not every byte was checked', host, verification({ checkedBytes: SIZE - 512 }), 'bytes'],
    ['more bytes were checked than there are', host, verification({ checkedBytes: SIZE + 512 }), 'bytes'],
    ['the source has a chunk less mapped', host, mapped('before', -CHUNK), 'model/source-mapped'],
    ['the source has a chunk more mapped', host, mapped('before', CHUNK), 'model/source-mapped'],
    ['the destination has a sector less mapped', host, mapped('after', -512), 'model/destination-mapped'],
    ['the destination has a sector more mapped', host, mapped('after', 512), 'model/destination-mapped'],
    ['a thick destination is not whole', thick, mapped('after', -512), 'model/destination-mapped'],
    ['a file has lost a block', { ...host, destination: 'nfs' }, mapped('after', -4096), 'model/destination-mapped'],
    ['a file has far more than its blocks', { ...host, destination: 'nfs' }, mapped('after', MiB), 'model/destination-mapped'],
    ['a control corrupts nothing', control, verification({}), 'control-corrupts'],
    ['a control loses data', control, corruptedWith({ expected: 'data' }), 'control-corrupts'],
    ['a control shows zeros', control, corruptedWith({ found: { what: 'zero' } }), 'control-corrupts'],
    ['a control shows noise', control, corruptedWith({ found: { what: 'noise' } }), 'control-corrupts'],
    ['a control shows shifted data', control, corruptedWith({ found: { what: 'shifted-stamp', fromOffset: 0 } }), 'control-corrupts'],
    ["the source's pool was used past its poison", table, pool('before', { usedBytes: USED_BEFORE + 1 }), 'source-poison'],
    [
      "the destination's pool was used past its poison",
      { ...table, poisonBytes: { ...table.poisonBytes, destination: table.poisonBytes.destination - 1 } },
      (good) => good,
      'destination-poison',
    ],
    ["the pool's Data% before is another", table, pool('before', { dataPercent: '10.29' }), 'data-percent-before'],
    ["the volume's Data% before is another", table, space('before', (seen) => ({ ...seen, dataPercent: '19.54' })), 'data-percent-before'],
    ["the pool's Data% after is another", host, pool('after', { dataPercent: '31.45' }), 'model/data-percent'],
    ["the volume's Data% after is another", host, space('after', (seen) => ({ ...seen, dataPercent: '100.00' })), 'model/data-percent'],
    ['there is no pool after', table, space('after', ({ pool: _, ...rest }) => rest), 'data-percent-after'],
  ])('when %s', (_, cell, change, check) => {
    expect(failed(cell, change(goodEvidence(cell))).map((finding) => finding.check)).toEqual([check])
  })

  test.each([
    ['the pool', pool('after', { dataPercent: '31.45' })],
    ['the volume', space('after', (seen) => ({ ...seen, dataPercent: '100.00' }))],
  ])("of the spec's table when %s has another Data%% after, against the spec and against the model", (_, change) => {
    expect(failed(table, change(goodEvidence(table))).map(({ check }) => check)).toEqual(['data-percent-after', 'model/data-percent'])
  })

  test('when a migration that failed has lost its source', () => {
    const lost = failed(host, { ...goodEvidence(host), outcome: 'failed', why: 'ENOSPC', sourceRemains: false })

    expect(lost.map(({ check }) => check)).toEqual(['migrated', 'source'])
    expect(lost.map(({ text }) => text).join()).toMatch(/ENOSPC.*source is gone/s)
  })

  test("but not when a control shows another volume's data in place of zeros", () => {
    const change = corruptedWith({ found: { what: 'other-stamp', tag: 8 } })

    expect(failed(control, change(goodEvidence(control)))).toEqual([])
  })

  test('when a control is corrupt in fewer bytes than were skipped', () => {
    const some = verification({ wrongBytes: 512 })(goodEvidence(control))

    expect(failed(control, some).map(({ check }) => check)).toEqual(['control-corrupts'])
  })

  test('when the driver left to the host what it was to move', () => {
    const cell: Cell = { ...host, method: 'driver', expect: { ...host.expect, movedBy: 'driver' } }

    expect(failed(cell, goodEvidence(cell)).map(({ check }) => check)).toEqual(['migrated'])
  })

  test('when a migrated volume was never verified', () => {
    const { verification: _, ...unverified } = goodEvidence(host)

    expect(failed(host, unverified).map(({ check }) => check)).toEqual(['bytes'])
  })

  test('when nobody looked at the destination of a migrated volume', () => {
    const { after: _, ...unseen } = goodEvidence(host)

    expect(failed(host, unseen).map(({ check }) => check)).toEqual(['model'])
  })

  test('when the driver moved a volume that the host was to copy', () => {
    const moved: Partial<Evidence> = { movedBy: 'driver', states: ['starting', 'migrating', 'success'] }

    expect(failed(host, { ...goodEvidence(host), ...moved }).map(({ check }) => check)).toEqual(['migrated'])
  })

  test('in words that do not say all is right when too little was checked', () => {
    const [finding] = failed(host, verification({ checkedBytes: 512 })(goodEvidence(host)))

    expect(finding?.text).not.toContain('all right')
  })
})

describe('a red check says', () => {
  test('what was wanted and what was seen', () => {
    const changed: Evidence = { ...goodEvidence(host), decision: { mode: 'full', decidedBy: 'no-answer', reason: 'silence' } }

    expect(failed(host, changed)[0]?.text).toMatch(/full copy, because silence.*wants sparse \(claimed-true\)/)
  })

  test('how many bytes were mapped and how many predicted', () => {
    const seen = mapped('after', -512)(goodEvidence(thick))

    expect(failed(thick, seen)[0]?.text).toMatch(new RegExp(`${SIZE - 512} bytes mapped, the model says ${SIZE}; suspected: the model`))
  })

  test.each<[Difference['found'], string]>([
    [{ what: 'zero' }, 'zeros'],
    [{ what: 'poison' }, 'poison'],
    [{ what: 'other-stamp', tag: 8 }, "another volume's data"],
    [{ what: 'shifted-stamp', fromOffset: 777 }, 'offset 777'],
    [{ what: 'noise' }, 'noise'],
  ])('where the first wrong byte is and what lies there: %j', (found, words) => {
    const text = describeDifference({ ...STALE, expected: 'data', found })

    expect(text).toContain('at byte 4096: 512 bytes')
    expect(text).toContain(words)
    expect(text).toContain('data belongs')
  })
})

describe('a note is made', () => {
  const kinds = (cell: Cell, evidence = goodEvidence(cell)) => judgeCell(cell, content, evidence).notes.map(({ kind }) => kind)

  test('of thinness lost to blocks larger than a chunk', () => {
    expect(kinds(host)).toEqual(['thinness-lost'])
  })

  test('of preallocation lost to a sparse copy', () => {
    expect(kinds({ ...host, destination: 'nfs-prealloc' })).toEqual(['preallocation-lost'])
  })

  test('of nothing where the copy is as thin as the data', () => {
    const data = contentOf('last-block-data', SIZE, 5, 9)

    expect(judgeCell(host, data, goodEvidence(host, data))).toMatchObject({ notes: [] })
  })

  test('of nothing after a full copy', () => {
    expect([...kinds(thick), ...kinds({ ...host, expect: { mode: 'full', movedBy: 'host', bytes: 'intact' }, forced: 'full' })]).toEqual([])
  })
})

function failed(cell: Cell, evidence: Evidence): Finding[] {
  return judgeCell(cell, content, evidence).findings.filter(({ ok }) => !ok)
}

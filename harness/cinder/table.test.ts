import { expect, test } from 'vitest'
import type { CinderResult, RowResult } from './result.ts'
import { ROWS } from './row.ts'
import { tableOf } from './table.ts'

const result = (...rows: RowResult[]): CinderResult => ({
  ...{ version: 1, cinder: '29.0.0', kernel: '7.2.7', seed: 7, startedAt: '', seconds: 61 },
  rows,
})
const copy = { command: 'dd', method: 'host' } as const

test('shows a line for each row, and what was wrong below it', () => {
  const text = tableOf(
    result(
      {
        ...{ id: 'host/thin/thin', verdict: 'intact', status: 'available', claim: true, seconds: 20.4, leftovers: [] },
        copies: [{ ...copy, sparse: true }],
        dataPercent: { before: '0.00', after: '2.00' },
      },
      {
        ...{ id: 'driver/thin/thick', verdict: 'corrupt', status: 'available', migrationStatus: 'success', claim: false, seconds: 6 },
        copies: [{ ...copy, sparse: true }],
        wrong: { bytes: 1000, first: 2097152, found: 'poison', expected: 'zero' },
        leftovers: ['logical volume a/b'],
      },
    ),
  )
  expect(text).toMatchInlineSnapshot(`
    "Cinder 29.0.0, kernel 7.2.7, seed 7, 61 s
    row                                   copy   claim verdict pool Data%       s
    host/thin/thin                        sparse true  intact  0.00 -> 2.00     20
    driver/thin/thick                     sparse false corrupt                  6
        1000 bytes wrong, the first at 2097152: poison where zeros belong
        status available, migration status success
        left behind: logical volume a/b"
  `)
})

test('fits 80 columns whatever Cinder says', () => {
  const rows = ROWS.map(
    ({ id }): RowResult => ({
      ...{ id, verdict: 'corrupt', status: 'error_deleting', migrationStatus: 'completing', claim: false, seconds: 999 },
      ...{ copies: [{ ...copy, sparse: true }], dataPercent: { before: '100.00', after: '100.00' }, leftovers: ['x'.repeat(200)] },
      ...{ wrong: { bytes: 2 ** 30, first: 2 ** 30, found: 'data from elsewhere in the volume', expected: 'data' }, note: 'y'.repeat(300) },
    }),
  )
  expect(
    Math.max(
      ...tableOf(result(...rows))
        .split('\n')
        .map((line) => line.length),
    ),
  ).toBeLessThanOrEqual(80)
})

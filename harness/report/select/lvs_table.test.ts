import { describe, expect, test } from 'vitest'
import type { Evidence } from '../../result/evidence.ts'
import { lvsTable } from './lvs_table.ts'

type Row = Evidence['rowsBefore'][number]

const SOURCE = 'holeproof_1f3a_source'
const DESTINATION = 'holeproof_1f3a_2_destination'
const pool = (group: string): Row => ({
  lv_name: `${group}-pool`,
  vg_name: group,
  lv_attr: 'twi-aotz--',
  lv_size: '3.80g',
  pool_lv: '',
  origin: '',
  data_percent: '10.28',
})
const volume = (group: string, lv_name = 'volume-1234'): Row => ({
  lv_name,
  vg_name: group,
  lv_attr: 'Vwi-a-tz--',
  lv_size: '1.00g',
  pool_lv: `${group}-pool`,
  origin: '',
  data_percent: '19.53',
})
const ROWS = [
  { ...volume(DESTINATION), data_percent: '100.00' },
  pool(SOURCE),
  volume(SOURCE),
  { ...pool(DESTINATION), data_percent: '31.45' },
  volume(SOURCE, 'volume-other'),
]

describe('the table of lvs', () => {
  test("is the spec's: the source's group is vg1, the destination's vg2, and the other volume is left out", () => {
    expect(lvsTable(ROWS, ['volume-1234']).map((line) => line.trim().split(/ +/))).toEqual([
      ['LV', 'VG', 'Attr', 'LSize', 'Pool', 'Origin', 'Data%'],
      ['vg1-pool', 'vg1', 'twi-aotz--', '3.80g', '10.28'],
      ['volume-1234', 'vg1', 'Vwi-a-tz--', '1.00g', 'vg1-pool', '19.53'],
      ['vg2-pool', 'vg2', 'twi-aotz--', '3.80g', '31.45'],
      ['volume-1234', 'vg2', 'Vwi-a-tz--', '1.00g', 'vg2-pool', '100.00'],
    ])
  })

  test('has figures under each other, at the right of their columns', () => {
    const lines = lvsTable([pool(SOURCE), { ...volume(SOURCE), data_percent: '100.00' }], ['volume-1234'])

    expect(new Set(lines.map((line) => line.length)).size).toBe(1)
    expect(
      new Set(lines.map((line) => line.search(/LSize|3\.80g|1\.00g/) + (/(LSize|3\.80g|1\.00g)/.exec(line)?.[0].length ?? 0))).size,
    ).toBe(1)
  })

  test('keeps within 80 columns, without spaces at the end of a line', () => {
    const thick: Row = { ...volume(SOURCE), lv_attr: '-wi-a-----', pool_lv: '', data_percent: '' }

    for (const line of lvsTable([...ROWS, thick], ['volume-1234'])) {
      expect(line.length).toBeLessThanOrEqual(80)
      expect(line).toBe(line.trimEnd())
    }
  })

  test('is its head alone where there are no volumes', () => {
    expect(lvsTable([], ['volume-1234'])).toHaveLength(1)
  })
})

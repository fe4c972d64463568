import { describe, expect, test } from 'vitest'
import { parseLvs } from './lvm.ts'

const POOL = {
  lv_name: 'vg1-pool',
  vg_name: 'vg1',
  lv_attr: 'twi-aotz--',
  lv_size: '3.80g',
  pool_lv: '',
  origin: '',
  data_percent: '10.28',
}
const THIN = { ...POOL, lv_name: 'volume-1', lv_attr: 'Vwi-a-tz--', lv_size: '1.00g', pool_lv: 'vg1-pool', data_percent: '19.53' }
const THICK = { ...THIN, lv_name: 'volume-2', lv_attr: '-wi-a-----', pool_lv: '', data_percent: '' }

describe('the output of lvs', () => {
  test('is read row by row as LVM wrote it', () => {
    expect(parseLvs(JSON.stringify({ report: [{ lv: [POOL, THIN, THICK] }] }))).toEqual([POOL, THIN, THICK])
  })

  test('is read whole when it comes in several reports', () => {
    expect(parseLvs(JSON.stringify({ report: [{ lv: [POOL] }, { lv: [] }, { lv: [THICK] }], log: [] }))).toEqual([POOL, THICK])
  })

  test('holds no rows where there are no volumes', () => {
    expect(parseLvs('\n{"report":[{"lv":[]}]}\n')).toEqual([])
  })

  test.each([
    ['nothing', ''],
    ['text', '  LV VG Attr'],
    ['no report', '{}'],
    ['a row without Data%', JSON.stringify({ report: [{ lv: [{ ...POOL, data_percent: undefined }] }] })],
    ['a figure that is no text', JSON.stringify({ report: [{ lv: [{ ...POOL, data_percent: 10.28 }] }] })],
  ])('is refused when it is %s', (_, text) => {
    expect(() => parseLvs(text)).toThrow()
  })
})

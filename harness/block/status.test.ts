import { describe, expect, test } from 'vitest'
import { dmName, isThin, isThinPool, parseChunkBytes, parseStatus, parseThinTables } from './status.ts'

/** As kernel 6.1 printed it, trailing spaces included. */
const RECORDED = [
  'vg1-pool: 0 409600 linear ',
  'vg1-pool-tpool: 0 409600 thin-pool 1 112/1024 0/3200 - rw no_discard_passdown queue_if_no_space - 256 ',
  'vg1-pool_tdata: 0 409600 linear ',
  'vg1-v: 0 131072 thin 0 -',
  'vg1-w: 0 131072 thin 43008 131071',
  '',
].join('\n')

describe('the status of device-mapper', () => {
  test('is read line by line, by device name', () => {
    expect([...parseStatus(RECORDED)]).toEqual([
      ['vg1-pool', { target: 'linear', sectors: 409600 }],
      [
        'vg1-pool-tpool',
        {
          target: 'thin-pool',
          sectors: 409600,
          usedMetadataBlocks: 112,
          totalMetadataBlocks: 1024,
          usedDataBlocks: 0,
          totalDataBlocks: 3200,
          mode: 'rw',
        },
      ],
      ['vg1-pool_tdata', { target: 'linear', sectors: 409600 }],
      ['vg1-v', { target: 'thin', sectors: 131072, mappedSectors: 0 }],
      ['vg1-w', { target: 'thin', sectors: 131072, mappedSectors: 43008 }],
    ])
  })

  test.each(['ro', 'out_of_data_space'])('tells a pool in the mode %s', (mode) => {
    const pool = parseStatus(RECORDED.replace('- rw ', `- ${mode} `)).get('vg1-pool-tpool')

    expect(pool).toMatchObject({ target: 'thin-pool', mode, usedDataBlocks: 0 })
  })

  test.each([
    ['no output', ''],
    ['no devices', 'No devices found\n'],
  ])('is empty on %s', (_, text) => {
    expect(parseStatus(text).size).toBe(0)
  })

  test.each([
    ['a failed thin volume', 'vg1-v: 0 131072 thin Fail'],
    ['a failed pool', 'vg1-pool-tpool: 0 409600 thin-pool Fail'],
    ['a pool in error', 'vg1-pool-tpool: 0 409600 thin-pool Error'],
    ['a thin volume without figures', 'vg1-v: 0 131072 thin '],
    ['a negative figure', 'vg1-v: 0 131072 thin -5 -'],
    ['a pool without data blocks', 'vg1-pool-tpool: 0 409600 thin-pool 1 112/1024 - rw'],
    ['a line without a table', 'vg1-v'],
    ['a length of no number', 'vg1-v: 0 many thin 0 -'],
  ])('is refused on %s, with the line', (_, line) => {
    expect(() => parseStatus(`${RECORDED}${line}\n`)).toThrow(line)
  })
})

test('the sectors of a device of several segments are those of all of them', () => {
  expect(parseStatus('vg1-v: 0 8192 linear \nvg1-v: 8192 24576 linear \n').get('vg1-v')?.sectors).toBe(32768)
})

describe('a target', () => {
  test('is told by its name', () => {
    const devices = parseStatus(RECORDED)
    const kinds = ['vg1-pool', 'vg1-pool-tpool', 'vg1-v', 'none'].map((name) => [isThin(devices.get(name)), isThinPool(devices.get(name))])

    expect(kinds).toEqual([
      [false, false],
      [false, true],
      [true, false],
      [false, false],
    ])
  })
})

test('the table of device-mapper shows what thin volumes stand on and the chunk of their pool', () => {
  const table = `vg1-pool: 0 409600 linear 254:2 0
vg1-pool-tpool: 0 409600 thin-pool 254:0 254:1 384 64 2 no_discard_passdown skip_block_zeroing
vg1-pool_tdata: 0 409600 linear 7:0 10240
vg1-v: 0 131072 thin 254:2 1
vg1-w: 0 131072 thin 254:2 17 254:9
`

  expect([...parseThinTables(table)]).toEqual([
    ['vg1-v', { pool: '254:2', id: 1 }],
    ['vg1-w', { pool: '254:2', id: 17, origin: '254:9' }],
  ])
  expect([...parseChunkBytes(table)]).toEqual([['vg1-pool-tpool', 192 * 1024]])
})

describe('a device name', () => {
  test.each([
    ['vg1', 'v', 'vg1-v'],
    ['vg-1', 'volume-1234', 'vg--1-volume--1234'],
    ['a--b', 'c', 'a----b-c'],
    ['holeproof_1_dst', 'v_tdata', 'holeproof_1_dst-v_tdata'],
  ])('of %s and %s is %s', (group, volume, name) => {
    expect(dmName(group, volume)).toBe(name)
  })
})

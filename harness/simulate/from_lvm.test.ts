import { describe, expect, test } from 'vitest'
import { parseGroups, parseVolumes } from '../block/lvm_inventory.ts'
import { parseThinDump } from '../block/thin_map.ts'
import { UsageError } from '../errors.ts'
import { readFleet } from './fleet.ts'
import { fleetFromLvm } from './from_lvm.ts'

/** As LVM 2.03.16 printed them, but for columns that are not read: a pool with a snapshot of a volume and a thick volume beside it. */
const row = (more: object) => ({
  lv_uuid: JSON.stringify(more),
  vg_name: 'vg-a',
  pool_lv: '',
  data_percent: '',
  chunk_size: '0B',
  lv_metadata_size: '',
  metadata_percent: '',
  thin_id: '',
  lv_active: 'active',
  ...more,
})
const LVS = [
  row({
    lv_metadata_size: '4194304B',
    metadata_percent: '11.04',
    lv_name: 'pool-1',
    lv_size: '209715200B',
    data_percent: '0.97',
    chunk_size: '65536B',
    segtype: 'thin-pool',
    lv_role: 'private',
  }),
  row({ lv_name: 'thick', lv_size: '8388608B', segtype: 'linear', lv_role: 'public' }),
  ...[
    { lv_name: 's1', lv_size: '67108864B', data_percent: '2.05', thin_id: '5', lv_role: 'public,snapshot,thinsnapshot' },
    { lv_name: 'v1', lv_size: '67108864B', data_percent: '2.25', thin_id: '1', lv_role: 'public,origin,thinorigin' },
    { lv_name: 'v2', lv_size: '33554432B', data_percent: '0.98', thin_id: '2', lv_role: 'public' },
  ].map((volume) => row({ ...volume, pool_lv: 'pool-1', segtype: 'thin' })),
]
const VGS = { vg_name: 'vg-a', vg_size: '415236096B', vg_free: '188743680B', vg_extent_size: '4194304B' }
const inventory = {
  volumes: parseVolumes(JSON.stringify({ report: [{ lv: LVS }] })),
  groups: parseGroups(JSON.stringify({ report: [{ vg: [VGS] }] })),
}
const range = (from: number, data: number, length: number) =>
  `<range_mapping origin_begin="${from}" data_begin="${data}" length="${length}" time="0"/>`
/** The volume and its snapshot have 16 chunks in common. */
const maps = parseThinDump(`<superblock>
  <device dev_id="1" mapped_blocks="23">${range(0, 0, 16)}${range(16, 22, 4)}${range(100, 16, 1)}${range(300, 29, 2)}</device>
  <device dev_id="2" mapped_blocks="5">${range(3, 17, 5)}</device>
  <device dev_id="4" mapped_blocks="2">${range(16000, 26, 2)}</device>
  <device dev_id="5" mapped_blocks="21">${range(0, 0, 2)}${range(2, 28, 1)}${range(3, 3, 13)}${range(16, 22, 4)}${range(100, 16, 1)}</device>
</superblock>`)
const CHUNK = 65536

describe('a fleet file of what LVM shows', () => {
  test('has thin pools and groups as pools, and what is in them as volumes', () => {
    expect(fleetFromLvm(inventory)).toEqual({
      pools: [
        // Without a map the shared space is unknown, so all of it counts as the pool's.
        {
          name: 'vg-a/pool-1',
          kind: 'thin',
          size: 209715200,
          chunk: CHUNK,
          used: 26 * CHUNK,
          metadataSize: 4194304,
          metadataPercent: '11.04',
        },
        { name: 'vg-a', kind: 'thick', size: 415236096, chunk: 4194304, used: 415236096 - 188743680 - 8388608 },
      ],
      volumes: [
        { name: 'vg-a/s1', pool: 'vg-a/pool-1', size: 67108864, mapped: 21 * CHUNK, shared: 21 * CHUNK },
        { name: 'vg-a/v1', pool: 'vg-a/pool-1', size: 67108864, mapped: 23 * CHUNK, shared: 23 * CHUNK },
        { name: 'vg-a/v2', pool: 'vg-a/pool-1', size: 33554432, dataPercent: '0.98' },
        { name: 'vg-a/thick', pool: 'vg-a', size: 8388608 },
      ],
    })
  })

  test('has the extents of each volume, and what it shares, where there are maps', () => {
    const { pools, volumes } = fleetFromLvm(inventory, new Map([['vg-a/pool-1', maps]]))

    expect(volumes.slice(0, 3)).toEqual([
      {
        name: 'vg-a/s1',
        pool: 'vg-a/pool-1',
        size: 67108864,
        shared: 20 * CHUNK,
        extents: [
          [0, 20 * CHUNK],
          [100 * CHUNK, CHUNK],
        ],
      },
      {
        name: 'vg-a/v1',
        pool: 'vg-a/pool-1',
        size: 67108864,
        shared: 20 * CHUNK,
        extents: [
          [0, 20 * CHUNK],
          [100 * CHUNK, CHUNK],
          [300 * CHUNK, 2 * CHUNK],
        ],
      },
      { name: 'vg-a/v2', pool: 'vg-a/pool-1', size: 33554432, extents: [[3 * CHUNK, 5 * CHUNK]] },
    ])
    // What they share, and a volume that lvs was not asked for.
    expect(pools[0]).toMatchObject({ used: 22 * CHUNK })
  })

  test.each([
    ['without maps', undefined],
    ['with maps', new Map([['vg-a/pool-1', maps]])],
  ])('is a fleet file whose pools hold what LVM says, %s', (_, known) => {
    const fleet = readFleet(fleetFromLvm(inventory, known), 'f')

    // 0.97 is 31 chunks of 3200.
    expect(fleet.pools[0]?.used.most).toBe(31 * CHUNK)
    expect(fleet.pools[1]?.used.most).toBe(415236096 - 188743680)
  })

  test('ends extents with their volume, though the last chunk reaches further', () => {
    const [pool = row({})] = LVS
    const odd = row({
      lv_name: 'v',
      lv_size: '100000B',
      pool_lv: 'pool-1',
      segtype: 'thin',
      thin_id: '7',
      lv_role: 'public',
      data_percent: '100.00',
    })
    const volumes = parseVolumes(JSON.stringify({ report: [{ lv: [pool, odd] }] }))
    const map = new Map([[7, [{ from: 0, to: 2, value: 0 }]]])

    expect(fleetFromLvm({ volumes, groups: [] }, new Map([['vg-a/pool-1', map]])).volumes[0]).toMatchObject({ extents: [[0, 100000]] })
  })
})

test('a snapshot shares no more than its pool has in use, though its Data% is rounded to more', () => {
  const pool = row({
    lv_name: 'p',
    lv_size: '1073741824B',
    data_percent: '0.10',
    chunk_size: '65536B',
    segtype: 'thin-pool',
    lv_role: 'private',
  })
  const large = {
    lv_size: '10995116277760B',
    data_percent: '0.01',
    pool_lv: 'p',
    segtype: 'thin',
    thin_id: '1',
    lv_role: 'public,origin,thinorigin',
  }
  const volumes = parseVolumes(JSON.stringify({ report: [{ lv: [pool, row({ ...large, lv_name: 'v' })] }] }))
  const file = fleetFromLvm({ volumes, groups: [] })

  expect(file.volumes[0]).toMatchObject({ mapped: 17 * CHUNK, shared: 17 * CHUNK })
  expect(readFleet(file, 'f').pools[0]?.used.most).toBe(17 * CHUNK)
})

describe('what is not active', () => {
  const inactive = (name: string) =>
    parseVolumes(JSON.stringify({ report: [{ lv: LVS }] })).map((volume) =>
      volume.lv_name === name ? { ...volume, data_percent: '' } : volume,
    )

  test.each(['v2', 'pool-1'])('is refused: LVM does not say what %s has allocated', (name) => {
    const read = () => fleetFromLvm({ ...inventory, volumes: inactive(name) })

    expect(read).toThrow(UsageError)
    expect(read).toThrow(`vg-a/${name}`)
  })

  test('is taken from the maps where there are any', () => {
    const known = new Map([['vg-a/pool-1', maps]])

    expect(fleetFromLvm({ ...inventory, volumes: inactive('v2') }, known)).toEqual(fleetFromLvm(inventory, known))
  })
})

test('a volume of several segments, which lvs shows in several rows, is one volume', () => {
  const [pool] = LVS
  expect(parseVolumes(JSON.stringify({ report: [{ lv: [pool, pool] }] }))).toHaveLength(1)
})

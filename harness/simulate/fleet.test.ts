import { describe, expect, test } from 'vitest'
import { publishedSchema } from '../../tests/support/published_schema.ts'
import { UsageError } from '../errors.ts'
import { MiB } from '../units.ts'
import { readFleet } from './fleet.ts'
import { fleetFileSchema } from './fleet_file.ts'

const pool = { name: 'one', kind: 'thin', size: '1GiB' }
const volume = { name: 'v', pool: 'one', size: '100MiB', mapped: '10MiB' }
const two = [pool, { ...pool, name: 'two' }]
const file = { pools: two, volumes: [volume], migrations: [{ volume: 'v', to: 'two' }] }

// `vitest run -u` writes it anew after a change of the file's shape.
test('the published schema is the one that files are checked with', async () => {
  await expect(`${JSON.stringify(publishedSchema(fleetFileSchema, 'input'), null, 2)}\n`).toMatchFileSnapshot(
    '../../schemas/fleet.schema.json',
  )
})

describe('a fleet file', () => {
  test('is read with the sizes in bytes and the chunks that each kind of pool has', () => {
    const pools = [pool, { name: 'vg', kind: 'thick', size: '1GiB' }, { name: 'nfs', kind: 'file', size: '1GiB' }]

    expect(readFleet({ pools, volumes: [] }, 'f').pools).toMatchObject([
      { grainBytes: 65536, whole: false, sizeBytes: 1024 * MiB },
      { grainBytes: 4 * MiB, whole: true },
      { grainBytes: 4096, whole: false },
    ])
  })

  test('gives a pool what its volumes and others have in use', () => {
    const shared = { ...volume, name: 's', shared: '4MiB' }
    const pools = [{ ...pool, used: '100MiB' }]

    expect(readFleet({ pools, volumes: [volume, shared] }, 'f').pools[0]?.used).toEqual({ least: 116 * MiB, most: 116 * MiB })
  })

  test('may give what others use as a share', () => {
    expect(readFleet({ pools: [{ ...pool, used: '50%' }], volumes: [] }, 'f').pools[0]?.used).toMatchObject({ least: 512 * MiB })
  })

  test('gives a map in whole chunks', () => {
    const extents = [
      [0, 1],
      ['1MiB', '64KiB'],
    ]
    const { mapped, ...rest } = volume

    expect(readFleet({ pools: two, volumes: [{ ...rest, extents }] }, 'f').volumes[0]?.content).toEqual({
      kind: 'mapped',
      unitBytes: 65536,
      ranges: [
        { from: 0, to: 65536, value: true },
        { from: MiB, to: MiB + 65536, value: true },
      ],
    })
  })

  test('counts what is shared once: the volume gives back the rest', () => {
    const pools = [{ ...pool, used: '4MiB' }]
    expect(readFleet({ pools, volumes: [{ ...volume, shared: '4MiB' }] }, 'f').volumes[0]?.frees).toEqual({
      least: 6 * MiB,
      most: 6 * MiB,
    })
  })

  test('takes the block of a migration before that of the file, and 1MiB otherwise', () => {
    const blocks = (more: object, own: object) =>
      readFleet({ ...file, ...more, migrations: [{ volume: 'v', to: 'two', ...own }] }, 'f').migrations
    expect(blocks({}, {})).toMatchObject([{ blockBytes: MiB }])
    expect(blocks({ blockSize: '64k' }, {})).toMatchObject([{ blockBytes: 65536 }])
    expect(blocks({ blockSize: '64k' }, { blockSize: 4096 })).toMatchObject([{ blockBytes: 4096 }])
  })
})

const withVolume = (more: object) => ({ ...file, volumes: [{ ...volume, ...more }] })
const withPool = (more: object) => ({ ...file, pools: [{ ...pool, ...more }, two[1]] })
const extents = (list: unknown) => withVolume({ mapped: undefined, extents: list })

describe('bad input names what was wrong, where, and what to do', () => {
  test.each<[string, unknown, string]>([
    ['no object', [], 'the file: '],
    ['no pools', { volumes: [] }, 'pools: it is missing'],
    ['an empty list of pools', { pools: [], volumes: [] }, 'pools: there must be a pool'],
    ['volumes that are no list', { ...file, volumes: {} }, 'volumes: it is not a list of volumes (it is {})'],
    ['an unknown property', withVolume({ dataPercnt: 3 }), 'volumes[0].dataPercnt: there is no such property; see fleet.schema.json'],
    ['an unknown property of the file', { ...file, parallel: 2 }, 'parallel: there is no such property'],
    ['a missing size', { ...file, volumes: [volume, { name: 'w', pool: 'one' }] }, 'volumes[1].size: it is missing'],
    [
      'a size of another type',
      withVolume({ size: true }),
      'volumes[0].size: it is not a size; write bytes as a number, or text such as "200MiB"',
    ],
    ['a negative size', withVolume({ size: -1 }), 'volumes[0].size: it is not a size'],
    ['a broken size', withVolume({ size: '1GG' }), 'volumes[0].size: "1GG" is not a size: write bytes as a number'],
    ['an ambiguous size', withVolume({ size: '1GB' }), 'volumes[0].size: "1GB" is not a size: write GiB for powers of 1024'],
    ['a size of nothing', withVolume({ size: 0 }), 'volumes[0].size: it must be more than 0'],
    ['a size of nothing, as text', withVolume({ size: '0m' }), 'volumes[0].size: it must be more than 0'],
    [
      'a kind that is none',
      withPool({ kind: 'thinn' }),
      'pools[0].kind: it is not a kind of pool; write thin, thick, file (it is "thinn")',
    ],
    [
      'a chunk that no thin pool has',
      withPool({ chunk: '100KiB' }),
      'pools[0].chunk: 100 KiB is not a chunk size of a thin pool; write a multiple of 64KiB, up to 1GiB',
    ],
    ['a pool below its chunk', withPool({ size: 4096 }), 'pools[0].size: it is less than one chunk (65536 bytes)'],
    ['a share above 100', withPool({ used: '101%' }), 'pools[0].used: "101%" is more than 100%'],
    [
      'a pool that is too small for what is in it',
      withPool({ used: '1020MiB' }),
      'pools[0]: what is in it takes 1080033280 bytes, and it has 1073741824',
    ],
    ['a broken bandwidth', withPool({ bandwidth: 'fast' }), 'pools[0].bandwidth: "fast" is not a size'],
    ['a pool of no such name', withVolume({ pool: 'three' }), 'volumes[0].pool: no pool is called "three"; there are "one", "two"'],
    ['a name given twice', { ...file, volumes: [volume, volume] }, 'volumes[1].name: "v" is the name of volumes[0] too'],
    [
      'a Data% above 100',
      withVolume({ mapped: undefined, dataPercent: 100.5 }),
      'volumes[0].dataPercent: it is not a percentage; write a number from 0 to 100',
    ],
    ['a Data% of text', withVolume({ mapped: undefined, dataPercent: 'much' }), 'volumes[0].dataPercent: it is not a percentage'],
    ['two kinds of allocation', withVolume({ dataPercent: 10 }), 'volumes[0]: give one of extents, dataPercent and mapped'],
    ['no allocation of a thin volume', withVolume({ mapped: undefined }), 'volumes[0]: "one" is thin: say what the volume has allocated'],
    ['more mapped than there is', withVolume({ mapped: '101MiB' }), 'volumes[0].mapped: 101 MiB is more than the volume'],
    ['more shared than mapped', withVolume({ shared: '11MiB' }), 'volumes[0].shared: 11 MiB is more than the volume has allocated'],
    [
      'more shared than the pool has used',
      withVolume({ shared: '4MiB' }),
      'pools[0].used: it must hold what volumes share with their snapshots, because they do not count it themselves: "v" shares 4 MiB, and it is 0 or missing; write at least "4 MiB"',
    ],
    ['metadata whose fill is not given', withPool({ metadataSize: '4MiB' }), 'pools[0]: give metadataSize and metadataPercent together'],
    [
      'metadata of a pool that has none',
      withPool({ kind: 'file', metadataSize: '4MiB', metadataPercent: 10 }),
      'pools[0].metadataSize: "one" is not a thin pool, so it has no metadata',
    ],
    ['extents that are no list', extents(5), 'volumes[0].extents: it is not a list'],
    ['an extent of one figure', extents([[0, 5], [7]]), 'volumes[0].extents[1]: it is not an extent; write [offset, length] (it is [7])'],
    ['an extent of text', extents([['0', 5]]), 'volumes[0].extents[0][0]: "0" is not a size'],
    ['an extent of a fraction', extents([[0, 1.5]]), 'volumes[0].extents[0][1]: it is not a size (it is 1.5)'],
    [
      'extents out of order',
      extents([
        [0, 10],
        [5, 10],
      ]),
      'volumes[0].extents[1]: it begins at 5, before the one before it ends (10)',
    ],
    [
      'an extent past the end',
      extents([['99MiB', '2MiB']]),
      "volumes[0].extents[0]: it ends at 105906176, past the volume's end (104857600)",
    ],
    ['a migration of nothing', { ...file, migrations: [{ volume: 'w', to: 'two' }] }, 'migrations[0].volume: no volume is called "w"'],
    ['a migration to nowhere', { ...file, migrations: [{ volume: 'v', to: 'x' }] }, 'migrations[0].to: no pool is called "x"'],
    [
      'a migration to where it is',
      { ...file, migrations: [{ volume: 'v', to: 'one' }] },
      'migrations[0].to: "v" is in "one" already; leave',
    ],
    [
      'a migration to where it has gone',
      { ...file, migrations: [...file.migrations, ...file.migrations] },
      'migrations[1].to: "v" is in "two" already',
    ],
    ['a block of nothing', { ...file, blockSize: 0 }, 'blockSize: it must be more than 0'],
    ['a broken block', { ...file, migrations: [{ volume: 'v', to: 'two', blockSize: 'x' }] }, 'migrations[0].blockSize: "x" is not a size'],
  ])('%s', (_, value, text) => {
    const read = () => readFleet(value, 'plan.json')

    expect(read).toThrow(UsageError)
    expect(read).toThrow('plan.json cannot be used:')
    expect(read).toThrow(text)
  })

  test('all of it at once, up to ten faults', () => {
    const volumes = Array.from({ length: 12 }, (_, index) => ({ ...volume, name: `v${index}`, size: 'x' }))

    expect(() => readFleet({ ...file, volumes, migrations: [] }, 'f')).toThrow(
      /volumes\[0\]\.size[\s\S]*volumes\[8\]\.size[\s\S]*and \d+ more$/,
    )
  })
})

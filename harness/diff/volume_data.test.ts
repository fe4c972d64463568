import { expect, test } from 'vitest'
import { BrokenLab } from '../errors.ts'
import type { PathInfo } from '../helper/surroundings.ts'
import type { Finished, Machine } from '../machine/machine.ts'
import { MiB } from '../units.ts'
import { dataOf } from './volume_data.ts'

const TABLES = `vg-pool-tpool: 0 204800 thin-pool 253:0 253:1 128 0 0
vg-thin: 0 32768 thin 253:2 7
vg-clone: 0 32768 thin 253:2 8 253:9
vg-thick: 0 32768 linear 7:0 2048
other-thin: 0 32768 thin 253:5 1
`
const DUMP = `<superblock data_block_size="128"><device dev_id="7" mapped_blocks="3">
<single_mapping origin_block="0" data_block="4"/><range_mapping origin_begin="16" data_begin="9" length="2"/></device></superblock>`

const block = (dmName: string): PathInfo => ({
  kind: 'block',
  device: 'dm-3',
  dmName,
  bottoms: ['loop0'],
  sizeBytes: 16 * MiB,
  optimalBytes: 0,
  logicalBytes: 512,
})

/** A machine that answers commands as these words of them say; an answer of undefined is a failure. */
function machineOf(answers: Readonly<Record<string, string | undefined>>): Pick<Machine, 'run'> {
  return {
    run: async (argv): Promise<Finished> => {
      const [, answer] = Object.entries(answers).find(([words]) => argv.join(' ').includes(words)) ?? []
      return {
        argv,
        ending: { how: 'exit', code: answer === undefined ? 1 : 0 },
        stdout: Buffer.from(answer ?? ''),
        stderr: Buffer.from(answer === undefined ? 'no such thing' : ''),
        seconds: 0,
      }
    },
  }
}

const WHOLE = {
  'dmsetup table': TABLES,
  '--minor 2': 'vg-pool-tpool\n',
  '--minor 5': 'a-pool-of-nobody-knows\n',
  reserve_metadata_snap: '',
  thin_dump: DUMP,
  release_metadata_snap: '',
}
const never = new AbortController().signal
const known = (dmName: string, answers: Readonly<Record<string, string | undefined>> = WHOLE) =>
  dataOf(machineOf(answers), `/dev/mapper/${dmName}`, block(dmName), never)
const ALL = [{ from: 0, to: 16 * MiB, value: true }]

test('a thin volume has data where its pool has mapped chunks', async () => {
  expect(await known('vg-thin')).toEqual({
    data: [
      { from: 0, to: 65536, value: true },
      { from: MiB, to: MiB + 2 * 65536, value: true },
    ],
    holes: "told by its pool's metadata",
  })
})

test.each([
  ['with an external origin', 'vg-clone', WHOLE, 'not known: it has an external origin, which shows where it is not mapped'],
  ['of a pool that is not LVM’s', 'other-thin', WHOLE, 'not known: a-pool-of-nobody-knows is not a thin pool of LVM’s'],
  ['that is not thin', 'vg-thick', WHOLE, 'not known: it is not a thin volume'],
  ['whose maps cannot be read', 'vg-thin', { ...WHOLE, thin_dump: undefined }, 'not known: thin_dump exited with 1: no such thing'],
  ['without device-mapper', 'vg-thin', {}, 'not known: dmsetup exited with 1: no such thing'],
])('a volume %s may have data anywhere', async (_, dmName, answers, holes) => {
  expect(await known(dmName, answers)).toEqual({ data: ALL, holes: holes.replace('’', "'") })
})

test('a snapshot of the metadata that was not released is an error', async () => {
  await expect(known('vg-thin', { ...WHOLE, release_metadata_snap: undefined })).rejects.toThrow(BrokenLab)
})

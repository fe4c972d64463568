import { describe, expect, test } from 'vitest'
import { lengthOf } from '../content/ranges.ts'
import { BrokenLab, UsageError } from '../errors.ts'
import { type CommandEnding, CommandFailed } from '../machine/command_failed.ts'
import type { Finished, RunOptions } from '../machine/machine.ts'
import { parseThinDump, readThinMaps } from './thin_map.ts'

/** As thin_dump 0.9.0 printed it of a pool with four volumes and a snapshot of the first, which were then written to. */
const RECORDED = `<superblock uuid="" time="1" transaction="5" flags="0" version="2" data_block_size="128" nr_data_blocks="0">
  <device dev_id="1" mapped_blocks="23" transaction="0" creation_time="0" snap_time="1">
    <range_mapping origin_begin="0" data_begin="0" length="16" time="0"/>
    <range_mapping origin_begin="16" data_begin="22" length="4" time="0"/>
    <single_mapping origin_block="100" data_block="16" time="0"/>
    <range_mapping origin_begin="300" data_begin="29" length="2" time="1"/>
  </device>
  <device dev_id="2" mapped_blocks="5" transaction="1" creation_time="0" snap_time="0">
    <range_mapping origin_begin="3" data_begin="17" length="5" time="0"/>
  </device>
  <device dev_id="3" mapped_blocks="0" transaction="2" creation_time="0" snap_time="0">
  </device>
  <device dev_id="4" mapped_blocks="2" transaction="3" creation_time="0" snap_time="0">
    <range_mapping origin_begin="16000" data_begin="26" length="2" time="0"/>
  </device>
  <device dev_id="5" mapped_blocks="21" transaction="4" creation_time="1" snap_time="1">
    <range_mapping origin_begin="0" data_begin="0" length="2" time="0"/>
    <single_mapping origin_block="2" data_block="28" time="1"/>
    <range_mapping origin_begin="3" data_begin="3" length="13" time="0"/>
    <range_mapping origin_begin="16" data_begin="22" length="4" time="0"/>
    <single_mapping origin_block="100" data_block="16" time="0"/>
  </device>
</superblock>
`
const device = (mapped: number, ...mappings: string[]) =>
  `<superblock><device dev_id="7" mapped_blocks="${mapped}">${mappings.join('')}</device></superblock>`
const range = (from: number, data: number, length: number, time = 0) =>
  `<range_mapping origin_begin="${from}" data_begin="${data}" length="${length}" time="${time}"/>`

describe('the output of thin_dump', () => {
  test('gives the mapped chunks of each volume and where in the pool they are', () => {
    expect([...parseThinDump(RECORDED)]).toEqual([
      [
        1,
        [
          { from: 0, to: 16, value: 0 },
          { from: 16, to: 20, value: 6 },
          { from: 100, to: 101, value: -84 },
          { from: 300, to: 302, value: -271 },
        ],
      ],
      [2, [{ from: 3, to: 8, value: 14 }]],
      [3, []],
      [4, [{ from: 16000, to: 16002, value: -15974 }]],
      [
        5,
        [
          { from: 0, to: 2, value: 0 },
          { from: 2, to: 3, value: 26 },
          { from: 3, to: 16, value: 0 },
          { from: 16, to: 20, value: 6 },
          { from: 100, to: 101, value: -84 },
        ],
      ],
    ])
  })

  test('is the same in slices of any length', () => {
    for (const length of [1, 7, 64, 1000]) {
      const slices = Array.from({ length: Math.ceil(RECORDED.length / length) }, (_, index) =>
        RECORDED.slice(index * length, (index + 1) * length),
      )

      expect(parseThinDump(slices)).toEqual(parseThinDump(RECORDED))
    }
  })

  test('joins neighbours that are neighbours in the pool too, whenever they were written', () => {
    expect(parseThinDump(device(5, range(4, 10, 3, 0), range(7, 13, 2, 1))).get(7)).toEqual([{ from: 4, to: 9, value: 6 }])
  })

  test('puts in what volumes share by name', () => {
    const xml = `<superblock>
      <def name="0">${range(0, 100, 2)}</def>
      <def name="1"><ref name="0"/>${range(8, 50, 1)}</def>
      <device dev_id="1" mapped_blocks="4"><ref name="1"/>${range(9, 51, 1)}</device>
      <device dev_id="2" mapped_blocks="2"><ref name="0"/></device>
    </superblock>`

    expect([...parseThinDump(xml)]).toEqual([
      [
        1,
        [
          { from: 0, to: 2, value: 100 },
          { from: 8, to: 10, value: 42 },
        ],
      ],
      [2, [{ from: 0, to: 2, value: 100 }]],
    ])
  })

  test.each([
    ['cut short', RECORDED.slice(0, 700), 'not complete XML'],
    ['empty', '', 'not complete XML'],
    ['no XML', 'no current metadata snap', 'not complete XML'],
    ['of another kind', '<cache/>', 'an element that is not known: cache'],
    ['short of a mapping', device(6, range(0, 0, 5)), 'device 7 has 6 chunks mapped, its mappings are 5'],
    ['mapping a chunk twice', device(4, range(0, 0, 2), range(1, 9, 2)), 'chunk 1 is mapped twice'],
    ['without a figure', device(1, '<single_mapping origin_block="1"/>'), "data_block is '', not a number"],
    ['with a negative figure', device(1, '<single_mapping origin_block="-1" data_block="0"/>'), "origin_block is '-1'"],
    ['referring to nothing', device(0, '<ref name="5"/>'), "refers to '5'"],
  ])('is refused when it is %s', (_, xml, why) => {
    expect(() => parseThinDump(xml)).toThrow(why)
  })

  test('of many mappings is read whole', () => {
    const mappings = Array.from({ length: 100_000 }, (_, index) => range(3 * index, 5 * index, 2))

    expect(
      lengthOf(
        parseThinDump(['<superblock>', '<device dev_id="1" mapped_blocks="200000">', ...mappings, '</device></superblock>']).get(1) ?? [],
      ),
    ).toBe(200_000)
  })
})

describe('reading the maps of a pool', () => {
  const RESERVE = 'dmsetup message vg-pool-tpool 0 reserve_metadata_snap'
  const DUMP = 'thin_dump --metadata-snap /dev/mapper/vg-pool_tmeta'
  const RELEASE = 'dmsetup message vg-pool-tpool 0 release_metadata_snap'

  /** A machine that answers each command as told, else with success. */
  const machineOf = (answers: Readonly<Record<string, { ending?: CommandEnding; output?: string; stderr?: string }>>) => {
    const ran: string[] = []
    const run = async (argv: readonly string[], { signal }: RunOptions = {}): Promise<Finished> => {
      const line = argv.join(' ')
      ran.push(line)
      const { ending = { how: 'exit', code: 0 }, output = '', stderr = '' } = answers[line] ?? {}
      const stopped: CommandEnding = signal?.aborted ? { how: 'aborted' } : ending
      return { argv, ending: stopped, stdout: Buffer.from(output), stderr: Buffer.from(stderr), seconds: 0 }
    }
    return { ran, run }
  }

  test('takes a snapshot of its metadata, reads it and releases it', async () => {
    const machine = machineOf({ [DUMP]: { output: RECORDED } })

    expect(await readThinMaps(machine, 'vg-pool')).toEqual(parseThinDump(RECORDED))
    expect(machine.ran).toEqual([RESERVE, DUMP, RELEASE])
  })

  test('releases the snapshot when it cannot be read', async () => {
    const machine = machineOf({ [DUMP]: { ending: { how: 'exit', code: 1 }, stderr: 'bad checksum' } })

    await expect(readThinMaps(machine, 'vg-pool')).rejects.toThrow('thin_dump exited with 1: bad checksum')
    expect(machine.ran.at(-1)).toBe(RELEASE)
  })

  test('releases the snapshot when the reading is stopped', async () => {
    const stop = new AbortController()
    const machine = machineOf({})
    const run = (argv: readonly string[], options?: RunOptions) => {
      if (argv[0] === 'thin_dump') stop.abort()
      return machine.run(argv, options)
    }

    await expect(readThinMaps({ run }, 'vg-pool', { signal: stop.signal })).rejects.toThrow('thin_dump was stopped')
    expect(machine.ran).toEqual([RESERVE, DUMP, RELEASE])
  })

  test('releases the snapshot when the machine fails while reading', async () => {
    const machine = machineOf({})
    const run = (argv: readonly string[], options?: RunOptions) =>
      argv[0] === 'thin_dump' ? Promise.reject(new BrokenLab('it does not answer')) : machine.run(argv, options)

    await expect(readThinMaps({ run }, 'vg-pool')).rejects.toThrow(new BrokenLab('it does not answer'))
    expect(machine.ran).toEqual([RESERVE, RELEASE])
  })

  test('is refused, without releasing what is not ours, while somebody else holds a snapshot', async () => {
    const machine = machineOf({
      [RESERVE]: { ending: { how: 'exit', code: 1 }, stderr: 'message ioctl on vg-pool-tpool  failed: Device or resource busy' },
    })

    const reading = readThinMaps(machine, 'vg-pool')

    await expect(reading).rejects.toThrow(UsageError)
    await expect(reading).rejects.toThrow(RELEASE)
    expect(machine.ran).toEqual([RESERVE])
  })

  test('fails with what dmsetup said where there is no such pool', async () => {
    const machine = machineOf({ [RESERVE]: { ending: { how: 'exit', code: 1 }, stderr: 'No such device or address' } })

    const reading = readThinMaps(machine, 'vg-pool')

    await expect(reading).rejects.toThrow(CommandFailed)
    await expect(reading).rejects.toThrow('No such device or address')
    expect(machine.ran).toEqual([RESERVE])
  })

  test('tells how to release a snapshot that could not be released, and what failed before', async () => {
    const machine = machineOf({
      [DUMP]: { ending: { how: 'exit', code: 1 }, stderr: 'bad checksum' },
      [RELEASE]: { ending: { how: 'exit', code: 1 }, stderr: 'Invalid argument' },
    })

    const reading = readThinMaps(machine, 'vg-pool')

    await expect(reading).rejects.toThrow(BrokenLab)
    await expect(reading).rejects.toThrow(
      /bad checksum; and then .*not released: .*Invalid argument[\s\S]*release it with: dmsetup message/,
    )
  })

  test('is not begun when it was stopped before', async () => {
    const machine = machineOf({})

    await expect(readThinMaps(machine, 'vg-pool', { signal: AbortSignal.abort() })).rejects.toThrow('aborted')
    expect(machine.ran).toEqual([])
  })
})

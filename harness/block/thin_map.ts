import { SaxesParser } from 'saxes'
import { lengthOf, type Range, type RangeMap, range } from '../content/ranges.ts'
import { BrokenLab, messageOf, UsageError } from '../errors.ts'
import type { Perform } from '../helper/kernel_calls.ts'
import { CommandFailed } from '../machine/command_failed.ts'
import type { Finished, Machine } from '../machine/machine.ts'

/** Mapped chunks of a volume; the value is the chunk of the pool less that of the volume, so that neighbours join. */
export type ThinMap = RangeMap<number>

/** A map of many millions of extents takes its time. */
const DUMP_SECONDS = 3600
const SLICE_BYTES = 256 * 1024

/**
 * The chunks that each volume of an active thin pool has mapped, in chunks, by thin device id: all of one moment, from a
 * snapshot of the pool's metadata that is released again whatever happens. `poolDevice` is the pool's device-mapper name,
 * without `-tpool`. `perform` asks device-mapper; default: dmsetup in a process of its own. Aborting `signal` stops the reading, never the release. Throws UsageError when somebody else holds such a
 * snapshot (there can be one only), CommandFailed when a command fails, BrokenLab when the snapshot could not be released.
 */
export async function readThinMaps(
  runner: Pick<Machine, 'run'>,
  poolDevice: string,
  { signal, perform = (argv) => runner.run(argv) }: { readonly signal?: AbortSignal; readonly perform?: Perform } = {},
): Promise<ReadonlyMap<number, ThinMap>> {
  signal?.throwIfAborted()
  const reserved = await perform(message(poolDevice, 'reserve'))
  if (reserved.ending.how === 'exit' && reserved.ending.code !== 0) throw refusal(poolDevice, reserved)
  let dumped: Finished | undefined
  let failure: unknown
  try {
    demand(reserved)
    dumped = await runner.run(['thin_dump', '--metadata-snap', `/dev/mapper/${poolDevice}_tmeta`], {
      timeoutSeconds: DUMP_SECONDS,
      ...(signal !== undefined && { signal }),
    })
    demand(dumped)
  } catch (error) {
    failure = error
  }
  try {
    demand(await perform(message(poolDevice, 'release')))
  } catch (error) {
    const before = failure === undefined ? '' : `${messageOf(failure)}; and then `
    const how = `when nothing reads it any more, release it with: ${message(poolDevice, 'release').join(' ')}`
    throw new BrokenLab(`${before}the metadata snapshot of ${poolDevice} was not released: ${messageOf(error)}\n${how}`, {
      cause: failure ?? error,
    })
  }
  if (dumped === undefined || failure !== undefined) throw failure
  return parseThinDump(slices(dumped.stdout))
}

function message(poolDevice: string, verb: 'reserve' | 'release'): string[] {
  return ['dmsetup', 'message', `${poolDevice}-tpool`, '0', `${verb}_metadata_snap`]
}

function demand({ argv, ending, stdout, stderr }: Finished): void {
  if (ending.how !== 'exit' || ending.code !== 0) throw new CommandFailed(argv, ending, `${stdout.subarray(0, 2000)}${stderr}`)
}

function refusal(poolDevice: string, { argv, ending, stdout, stderr }: Finished): Error {
  const output = `${stdout}${stderr}`
  if (!output.includes('Device or resource busy')) return new CommandFailed(argv, ending, output)
  return new UsageError(
    `the pool ${poolDevice} already has a metadata snapshot, and there can be one only: wait for the program that reads it; if there is none, release it with: ${message(poolDevice, 'release').join(' ')}`,
  )
}

function* slices(output: Buffer): Generator<string> {
  // thin_dump writes ASCII, so a slice breaks no character.
  for (let at = 0; at < output.length; at += SLICE_BYTES) yield output.toString('latin1', at, at + SLICE_BYTES)
}

type Attributes = Readonly<Record<string, string>>

/**
 * Reads what `thin_dump` prints, whole or in slices: for each thin device id what it has mapped, in chunks. Newer versions
 * write what several volumes share once, by a name. Throws an Error on text that is cut short or contradicts itself.
 */
export function parseThinDump(xml: string | Iterable<string>): ReadonlyMap<number, ThinMap> {
  const devices = new Map<number, ThinMap>()
  const shared = new Map<string, ThinMap>()
  let open: Range<number>[] = []
  const opened: Record<string, (attributes: Attributes) => void> = {
    superblock: () => {},
    device: () => {
      open = []
    },
    def: () => {
      open = []
    },
    single_mapping: (attributes) => {
      const from = whole(attributes, 'origin_block')
      extend(open, { from, to: from + 1, value: whole(attributes, 'data_block') - from })
    },
    range_mapping: (attributes) => {
      const from = whole(attributes, 'origin_begin')
      extend(open, { from, to: from + whole(attributes, 'length'), value: whole(attributes, 'data_begin') - from })
    },
    ref: ({ name = '' }) => {
      const named = shared.get(name)
      if (named === undefined) throw new Error(`thin_dump: it refers to '${name}', which it did not define`)
      for (const mapped of named) extend(open, mapped)
    },
  }
  const closed: Record<string, (attributes: Attributes) => void> = {
    device: (attributes) => {
      const [id, mapped] = [whole(attributes, 'dev_id'), whole(attributes, 'mapped_blocks')]
      if (lengthOf(open) !== mapped)
        throw new Error(`thin_dump: device ${id} has ${mapped} chunks mapped, its mappings are ${lengthOf(open)}`)
      devices.set(id, open)
    },
    def: ({ name = '' }) => shared.set(name, open),
  }

  const parser = new SaxesParser()
  parser.on('opentag', ({ name, attributes }) => {
    const take = opened[name]
    if (take === undefined) throw new Error(`thin_dump: an element that is not known: ${name}`)
    take(attributes)
  })
  parser.on('closetag', ({ name, attributes }) => closed[name]?.(attributes))
  parser.on('error', (error) => {
    throw new Error(`thin_dump: its output is not complete XML: ${error.message}`)
  })
  for (const slice of typeof xml === 'string' ? [xml] : xml) parser.write(slice)
  parser.close()
  return devices
}

function whole(attributes: Attributes, name: string): number {
  const text = attributes[name] ?? ''
  if (!/^\d+$/.test(text)) throw new Error(`thin_dump: ${name} is '${text}', not a number`)
  return Number(text)
}

/** Appends a mapping, which must lie after the others. */
function extend(mappings: Range<number>[], next: Range<number>): void {
  const last = mappings.at(-1)
  if (last !== undefined && next.from < last.to) throw new Error(`thin_dump: chunk ${next.from} is mapped twice or out of order`)
  if (last?.to === next.from && last.value === next.value) mappings[mappings.length - 1] = { ...last, to: next.to }
  else mappings.push(...range(next.from, next.to, next.value))
}

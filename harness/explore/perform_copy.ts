import type { Content } from '../content/content.ts'
import { contained, filterRanges, type RangeMap, scaled } from '../content/ranges.ts'
import type { Lab } from '../lab/lab.ts'
import { runOrThrow } from '../machine/machine.ts'
import { expectedRanges } from '../model/byte_ranges.ts'
import type { Writes } from '../model/live.ts'
import { dd } from '../movers/dd.ts'
import { Instance } from '../movers/mirror/instance.ts'
import { countMoved } from '../movers/mover.ts'
import type { CopySpec } from '../result/copy.ts'
import type { BytesMoved } from '../result/evidence.ts'
import type { TestBed } from '../testbed/test_bed.ts'

export interface CopyPaths {
  readonly from: string
  readonly to: string
}

export interface CopyOutcome {
  readonly moved: BytesMoved
  /** What an instance wrote meanwhile. */
  readonly writes?: Writes
  readonly discardRefused: boolean
}

/**
 * Copies a volume with real tools. `mapped` gives the bytes that the source has storage for. Zeroing and discarding before or after
 * the copy are not counted.
 */
export async function performCopy(
  testBed: TestBed,
  lab: Lab,
  spec: CopySpec,
  paths: CopyPaths,
  content: Content,
  mapped: RangeMap<true>,
): Promise<CopyOutcome> {
  const { to } = paths
  const sparse = (blockBytes: number) => dd(lab, { ...paths, bytes: content.sizeBytes, mode: 'sparse', blockBytes })
  switch (spec.how) {
    case 'full':
    case 'sparse': {
      const { how, blockBytes, keepsFile = false } = spec
      return counted(lab, paths, () => dd(lab, { ...paths, bytes: content.sizeBytes, mode: how, blockBytes, keepsFile }))
    }
    case 'mapped':
      return counted(lab, paths, () => copyRanges(lab, paths, mapped))
    case 'mirror':
      return mirror(testBed, lab, spec, paths, content)
    case 'zero-out-then-sparse':
      await runOrThrow(lab, ['blkdiscard', '--zeroout', to])
      return counted(lab, paths, () => sparse(spec.blockBytes))
    case 'discard-then-sparse':
      if (!(await discards(lab, to, []))) return { moved: {}, discardRefused: true }
      return counted(lab, paths, () => sparse(spec.blockBytes))
    case 'full-then-discard': {
      const copied = await counted(lab, paths, () =>
        dd(lab, { ...paths, bytes: content.sizeBytes, mode: 'full', blockBytes: spec.blockBytes }),
      )
      const zeros = filterRanges(expectedRanges(content), (origin) => origin === 'zero')
      for (const { from, to: end } of scaled(contained(zeros, spec.blockBytes), spec.blockBytes)) {
        if (!(await discards(lab, to, ['--offset', `${from}`, '--length', `${end - from}`]))) return { ...copied, discardRefused: true }
      }
      return copied
    }
  }
}

async function mirror(
  testBed: TestBed,
  lab: Lab,
  { qemu, options, writer = 'none' }: Extract<CopySpec, { how: 'mirror' }>,
  { from, to }: CopyPaths,
  content: Content,
): Promise<CopyOutcome> {
  const instance = await Instance.start(lab, await testBed.storageDaemon(qemu), { path: from, content, writer })
  await instance.mirror({ to, options })
  await instance.goOn()
  const { content: held, touched, lost } = await instance.stop()
  if (lost !== undefined) throw new Error(`the instance lost its volume: ${lost}`)
  const [moved = {}] = lab.copies.slice(-1)
  return writer === 'none' ? { moved, discardRefused: false } : { moved: {}, discardRefused: false, writes: { held, touched } }
}

async function counted(lab: Lab, paths: CopyPaths, copy: () => Promise<void>): Promise<CopyOutcome> {
  return { moved: await countMoved(lab, paths, copy), discardRefused: false }
}

/** Each range by a dd of its own, in one command: offsets are whole chunks, and so are lengths but for a volume's end. */
async function copyRanges(lab: Lab, { from, to }: CopyPaths, ranges: RangeMap<true>): Promise<void> {
  const words = ranges.flatMap((range) => [`${range.from}`, `${range.to - range.from}`])
  const script = `from=$1 to=$2; shift 2
while [ $# -gt 0 ]; do
  dd if="$from" of="$to" bs=1M skip="$1" seek="$1" count="$2" iflag=skip_bytes,count_bytes,direct oflag=seek_bytes,direct \\
    conv=notrunc,fdatasync status=none || exit 1
  shift 2
done`
  await runOrThrow(lab, ['sh', '-c', script, 'sh', from, to, ...words])
}

/** Discards a range, and returns whether the device took the discard. */
async function discards(lab: Lab, path: string, range: readonly string[]): Promise<boolean> {
  const { ending, stderr } = await lab.run(['blkdiscard', ...range, path])
  if (ending.how === 'exit' && ending.code === 0) return true
  if (stderr.toString().includes('not supported')) return false
  throw new Error(`blkdiscard: ${stderr.toString().trim()}`)
}

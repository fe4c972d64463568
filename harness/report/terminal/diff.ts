import { allPrintable } from '../../result/describe.ts'
import type { ComparedVolume, Diff, DifferingRange } from '../../result/diff.ts'
import { lvmSize, plural } from '../../units.ts'
import { chalkFor, wrapBehind } from './style.ts'

const MOST_RANGES = 10
const MOST_ROWS = 8
const ROW_BYTES = 16

/** Two volumes compared, as text for a terminal of 80 columns. */
export function diffReport(of: Diff, colours: boolean): string {
  const diff = allPrintable(of)
  const chalk = chalkFor(colours)
  const head = diff.same ? chalk.green.bold('✓ SAME') : chalk.red.bold('✗ DIFFERENT')
  const sections = [
    [...volumeLines('source', diff.source), ...volumeLines('destination', diff.destination)],
    diff.ranges.length === 0 ? [] : rangeLines(diff),
    diff.firstPage === undefined ? [] : pageLines(diff.firstPage),
    [`${head}  ${summary(diff)}`, ...tailLines(diff)],
  ]
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`
}

function volumeLines(name: string, { path, sizeBytes, readBytes, holes, direct }: ComparedVolume): string[] {
  const read = readBytes === 0 ? 'nothing of it read' : `${lvmSize(readBytes)} read${direct ? '' : ' through the page cache'}`
  return [`${name.padEnd(11)}  ${path}`, ...wrapBehind(' '.repeat(13), `${lvmSize(sizeBytes)}, ${read}; holes: ${holes}`)]
}

function summary({ comparedBytes, differingBytes, ranges, moreRanges, seconds }: Diff): string {
  const what = differingBytes === 0 ? '' : `${plural(ranges.length + moreRanges, 'range')}, ${differingBytes} of `
  return `${what}${comparedBytes} bytes compared, ${seconds.toFixed(1)} s`
}

function rangeLines({ ranges, moreRanges }: Diff): string[] {
  const shown = ranges.slice(0, MOST_RANGES)
  const more = ranges.length - shown.length + moreRanges
  return [
    'Where they differ, by sectors of 512 bytes',
    ...shown.map((range) => `  at byte ${range.offset}: ${range.length} bytes, ${describe(range)}`),
    ...(more > 0 ? [`  and ${plural(more, 'range')} more`] : []),
  ]
}

function describe({ source, destination }: DifferingRange): string {
  if (source === 'data' && destination === 'data') return 'data where other data belongs'
  return `${destination} where ${source === 'zeros' ? 'zeros belong' : 'data belongs'}`
}

/** The rows of the page that differ, the source's after a minus and the destination's after a plus. */
function pageLines({ offset, source, destination }: NonNullable<Diff['firstPage']>): string[] {
  const [one, other] = [Buffer.from(source, 'base64'), Buffer.from(destination, 'base64')]
  const rows: string[] = []
  let more = 0
  for (let at = 0; at < one.length; at += ROW_BYTES) {
    const [left, right] = [one.subarray(at, at + ROW_BYTES), other.subarray(at, at + ROW_BYTES)]
    if (left.equals(right)) continue
    if (rows.length === 2 * MOST_ROWS) more++
    else rows.push(hexLine(offset + at, '-', left), hexLine(offset + at, '+', right))
  }
  return [
    `First page that differs, from byte ${offset} (- source, + destination)`,
    ...rows,
    ...(more > 0 ? [`  and ${plural(more, 'row')} more that differ`] : []),
  ]
}

function hexLine(offset: number, side: string, bytes: Uint8Array): string {
  const digits = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  const pairs = digits.match(/.{1,4}/g)?.join(' ') ?? ''
  const letters = [...bytes].map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('')
  return `${offset.toString(16).padStart(10, '0')} ${side} ${pairs.padEnd(39)}  ${letters}`
}

function tailLines({ tail }: Diff): string[] {
  if (tail === undefined) return []
  const { of, sizeBytes, dataBytes, firstDataAt } = tail
  const other = of === 'source' ? 'destination' : 'source'
  const held = dataBytes === 0 ? 'all zeros' : `${dataBytes} of them not zeros, the first at byte ${firstDataAt}`
  return wrapBehind('  ', `The ${of} has ${sizeBytes} bytes after the end of the ${other}: ${held}.`)
}

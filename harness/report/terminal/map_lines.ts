import type { ChalkInstance } from 'chalk'
import type { Result } from '../../result/result.ts'
import { isCorrupt } from '../select/bytes_seen.ts'
import { foremost, type Kind, slicesOf } from '../select/downsample.ts'
import { type BlockMap, mapOfCell, mapOfCopy } from '../select/map_rows.ts'

const SLICES = 58
/** With the label before it and the indentation by its caller, a line is at most 76 wide. */
const LABEL_WIDTH = 12

/** Told apart without colours, and by any encoding. */
const LETTERS: Readonly<Record<Kind, string>> = {
  data: '#',
  zero: '.',
  stale: 'X',
  noise: '?',
  unmapped: '_',
  mapped: 'm',
  copied: 'c',
  skipped: '-',
}

/** A copy in two lines, the source above the destination, one letter a slice: none where the destination was not surveyed. */
export function mapLines({ source, destination, sizeBytes }: BlockMap, chalk: ChalkInstance): string[] {
  if (source === undefined || destination === undefined) return []
  const colours: Readonly<Record<Kind, ChalkInstance>> = {
    data: chalk.blue,
    zero: chalk.dim,
    stale: chalk.red,
    noise: chalk.magenta,
    unmapped: chalk.dim,
    mapped: chalk.cyan,
    copied: chalk.green,
    skipped: chalk.dim,
  }
  return [source, destination].map((row) => {
    const kinds = slicesOf(row, 0, sizeBytes, SLICES).map(foremost)
    return `${row.name.padEnd(LABEL_WIDTH)}${rangesOf(kinds)
      .map(({ kind, count }) => colours[kind](LETTERS[kind].repeat(count)))
      .join('')}`
  })
}

/**
 * The maps of copies that are corrupt on purpose, unless `quiet`, and the letters of all maps explained. The map of a failure stands
 * with the failure.
 */
export function corruptMaps({ cells, copies }: Result, chalk: ChalkInstance, quiet = false): string[] {
  const all = [
    ...cells.map((cell) => ({ ...cell, corrupt: isCorrupt(cell.evidence?.verification), map: mapOfCell(cell) })),
    ...copies.map((copyCase) => ({ ...copyCase, corrupt: isCorrupt(copyCase), map: mapOfCopy(copyCase) })),
  ]
  const drawn = all
    .filter(({ corrupt, verdict }) => verdict === 'refuted' || verdict === 'broken' || (corrupt && !quiet))
    .flatMap(({ id, verdict, map }) => {
      const lines = mapLines(map, chalk)
      return lines.length === 0 ? [] : [{ verdict, text: [id, ...lines.map((line) => `    ${line}`)].join('\n') }]
    })
  if (drawn.length === 0) return []
  const onPurpose = drawn.filter(({ verdict }) => verdict === 'upheld').map(({ text }) => text)
  return [[chalk.bold('What a corrupt copy looks like'), legend(), ...onPurpose].join('\n')]
}

function legend(): string {
  const kinds = { data: 'data', zero: 'zeros', unmapped: 'no storage, reads as zeros', stale: 'stale bytes', noise: 'noise' } as const
  const explained = (Object.keys(kinds) as (keyof typeof kinds)[]).map((kind) => `${LETTERS[kind]} ${kinds[kind]}`)
  return `  ${explained.join('  ')}`
}

function rangesOf(kinds: readonly Kind[]): { kind: Kind; count: number }[] {
  const ranges: { kind: Kind; count: number }[] = []
  for (const kind of kinds) {
    const last = ranges.at(-1)
    if (last?.kind === kind) last.count++
    else ranges.push({ kind, count: 1 })
  }
  return ranges
}

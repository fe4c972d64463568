import type { ChalkInstance } from 'chalk'
import type { Result } from '../result/result.ts'
import { foremost, type Kind, slicesOf } from './block_map.ts'
import { type BlockMap, mapOfCell, mapOfWorld } from './lanes.ts'

const SLICES = 58
/** With the label before it and the indentation by its caller, a line is at most 76 wide. */
const LABEL_WIDTH = 12

/** Told apart without colours, and by any encoding. */
const LETTERS: Readonly<Record<Kind, string>> = {
  ...{ data: '#', zero: '.', stale: 'X', noise: '?', unmapped: '_' },
  ...{ mapped: 'm', copied: 'c', skipped: '-' },
}

/** A copy in two lines, the source above the destination, one letter a slice: none where the destination was not surveyed. */
export function mapLines({ source, destination, sizeBytes }: BlockMap, chalk: ChalkInstance): string[] {
  if (source === undefined || destination === undefined) return []
  const colours: Readonly<Record<Kind, ChalkInstance>> = {
    ...{ data: chalk.blue, zero: chalk.dim, stale: chalk.red, noise: chalk.magenta, unmapped: chalk.dim },
    ...{ mapped: chalk.cyan, copied: chalk.green, skipped: chalk.dim },
  }
  return [source, destination].map((lane) => {
    const kinds = slicesOf(lane, 0, sizeBytes, SLICES).map(foremost)
    return `${lane.name.padEnd(LABEL_WIDTH)}${runsOf(kinds)
      .map(({ kind, count }) => colours[kind](LETTERS[kind].repeat(count)))
      .join('')}`
  })
}

/** What is corrupt though upheld: it was made so on purpose. What failed is shown where its failure is told. */
export function corruptMaps({ cells, worlds }: Result, chalk: ChalkInstance): string[] {
  const corrupt = [
    ...cells.filter(({ evidence }) => (evidence?.verification?.wrongBytes ?? 0) > 0).map((cell) => ({ ...cell, map: mapOfCell(cell) })),
    ...worlds.filter(({ wrongBytes = 0 }) => wrongBytes > 0).map((world) => ({ ...world, map: mapOfWorld(world) })),
  ]
  const shown = corrupt.flatMap(({ id, verdict, map }) => {
    const lines = verdict === 'upheld' ? mapLines(map, chalk) : []
    return lines.length === 0 ? [] : [[id, ...lines.map((line) => `    ${line}`)].join('\n')]
  })
  return corrupt.length === 0 ? [] : [[chalk.bold('What a corrupt copy looks like'), legend(), ...shown].join('\n')]
}

function legend(): string {
  const kinds = { data: 'data', zero: 'zeros', unmapped: 'no storage, reads as zeros', stale: 'stale bytes', noise: 'noise' } as const
  const explained = (Object.keys(kinds) as (keyof typeof kinds)[]).map((kind) => `${LETTERS[kind]} ${kinds[kind]}`)
  return `  ${explained.join('  ')}`
}

function runsOf(kinds: readonly Kind[]): { kind: Kind; count: number }[] {
  const runs: { kind: Kind; count: number }[] = []
  for (const kind of kinds) {
    const last = runs.at(-1)
    if (last?.kind === kind) last.count++
    else runs.push({ kind, count: 1 })
  }
  return runs
}

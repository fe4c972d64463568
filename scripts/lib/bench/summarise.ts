import type { Breakdown, Figure, MeasuredSide, Parts } from '../../../harness/result/bench.ts'
import { median } from '../../../harness/result/median.ts'
import type { FigureSpec } from './figures.ts'
import type { Run, Timed } from './read_run.ts'

/** All rounds of one side. */
export interface Rounds {
  readonly command: string
  readonly values: readonly number[]
  readonly peakBytes: number
  readonly machines: string | undefined
}

/** A figure from the rounds of both sides. */
export function summarise({ id, title, unit }: FigureSpec, before: Rounds, after: Rounds): Figure {
  const [was, is] = [sideOf(before), sideOf(after)]
  const ratio = { median: is.median / was.median, least: is.least / was.most, most: is.most / was.least }
  return { state: 'measured', id, title, unit, before: was, after: is, ratio }
}

function sideOf({ command, values, peakBytes, machines }: Rounds): MeasuredSide {
  const bounds = { median: median(values), least: Math.min(...values), most: Math.max(...values) }
  return { command, values: [...values], ...bounds, peakBytes, ...(machines !== undefined && { machines }) }
}

/** Divides the time of a run's cells and copies by command and by phase. Undefined if the run recorded neither. */
export function breakDown({ cells, copies }: Pick<Run, 'cells' | 'copies'>): Breakdown | undefined {
  const all = [...cells, ...copies]
  const commands = partsOf(all, (timed) => timed.commands.map(({ argv, seconds }) => ({ name: commandName(argv), seconds })))
  const phases = partsOf(all, (timed) => timed.phases)
  if (commands === undefined && phases === undefined) return undefined
  return { ...(commands && { commands }), ...(phases && { phases }) }
}

/** The name of a program; of `lvm lvcreate`, which some commits call, the subcommand. */
export function commandName(argv: readonly string[]): string {
  const [program = '', first = ''] = argv
  const name = program.slice(program.lastIndexOf('/') + 1)
  return name === 'lvm' && /^[a-z]/.test(first) ? first : name
}

function partsOf(
  all: readonly Timed[],
  listParts: (timed: Timed) => readonly { readonly name: string; readonly seconds: number }[],
): Parts | undefined {
  const recorded = all.filter((timed) => listParts(timed).length > 0)
  if (recorded.length === 0) return undefined
  const sums = new Map<string, { count: number; seconds: number }>()
  for (const { name, seconds } of recorded.flatMap(listParts)) {
    const sum = sums.get(name) ?? { count: 0, seconds: 0 }
    sums.set(name, { count: sum.count + 1, seconds: sum.seconds + seconds })
  }
  const parts = [...sums].map(([name, { count, seconds }]) => ({ name, count, seconds, mean: seconds / count }))
  const seconds = recorded.reduce((sum, timed) => sum + timed.seconds, 0)
  return { of: { count: recorded.length, seconds }, parts: parts.toSorted((one, other) => other.seconds - one.seconds) }
}

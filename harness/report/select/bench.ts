import type { Bench, MeasuredFigure, MeasuredSide, Parts } from '../../result/bench.ts'
import { GiB, MiB, plural } from '../../units.ts'

/** The parts of a breakdown that a report lists. */
const MOST_PARTS = 12

/** "117 s (115-120)": the median, and the least and the most of several rounds. */
export function sideText({ values, median, least, most }: MeasuredSide, unit: MeasuredFigure['unit']): string {
  const text = `${figureText(median)}${unit === 'seconds' ? ' s' : ' /min'}`
  return values.length < 2 ? text : `${text} (${figureText(least)}-${figureText(most)})`
}

function figureText(value: number): string {
  return value.toFixed(value < 99.95 ? 1 : 0)
}

/** "0.60 as long": how the later commit relates to the earlier one. */
export function ratioText({ ratio, unit }: MeasuredFigure): string {
  return `${ratio.median.toFixed(2)} ${RATIO_WORDS[unit]}`
}

const RATIO_WORDS = { seconds: 'as long', 'copies-per-minute': 'as many' } as const

/** "0.58-0.63": what the rounds permit. Undefined if there was only one. */
export function ratioBounds({ ratio, before, after }: MeasuredFigure): string | undefined {
  if (before.values.length < 2 && after.values.length < 2) return undefined
  return `${ratio.least.toFixed(2)}-${ratio.most.toFixed(2)}`
}

export function peakText({ peakBytes }: MeasuredSide): string {
  return (peakBytes / MiB).toFixed(0)
}

/** "006db70", or "f6189c1+" if uncommitted changes were measured. */
export function commitText({ commit, changed }: Bench['after']): string {
  return `${commit.slice(0, 7)}${changed ? '+' : ''}`
}

/** A table of the parts that take the most time. */
export interface PartsTable {
  readonly title: string
  readonly columns: readonly [name: string, ...figures: string[]]
  readonly rows: readonly (readonly string[])[]
}

/** The breakdown as tables: commands, with the time outside of them, and phases. */
export function breakdownTables({ breakdown: { commands, phases } = {} }: Bench): PartsTable[] {
  return [
    ...(commands === undefined ? [] : [partsTable('command', commands)]),
    ...(phases === undefined ? [] : [partsTable('phase', phases)]),
  ]
}

function partsTable(what: string, { of, parts }: Parts): PartsTable {
  const sum = (some: Parts['parts'], value: (part: Parts['parts'][number]) => number) => some.reduce((all, part) => all + value(part), 0)
  const row = (name: string, seconds: number, count: number) => [
    name,
    seconds.toFixed(1),
    `${((100 * seconds) / of.seconds).toFixed(0)} %`,
    ...(count === 0 ? ['', ''] : [String(count), (seconds / count).toFixed(3)]),
  ]
  const shown = parts.slice(0, MOST_PARTS)
  const others = parts.slice(MOST_PARTS)
  const outside = of.seconds - sum(parts, ({ seconds }) => seconds)
  return {
    title: `The time of ${plural(of.count, 'cell or copy', 'cells and copies')} by ${what}: ${of.seconds.toFixed(1)} s in all`,
    columns: [what, 'seconds', 'share', 'count', 'mean'],
    rows: [
      ...shown.map(({ name, seconds, count }) => row(name, seconds, count)),
      ...(others.length === 0
        ? []
        : [
            row(
              `${others.length} more`,
              sum(others, ({ seconds }) => seconds),
              sum(others, ({ count }) => count),
            ),
          ]),
      ...(outside > 0 ? [row(`outside every ${what}`, outside, 0)] : []),
    ],
  }
}

/** Everything that a reader must know of the run to judge its figures, a text each. */
export function benchNotes(bench: Bench): string[] {
  const { before, after, host, seed, kernel, memory, stopped } = bench
  const [load = 0] = host.load
  const measured = bench.figures.filter((figure) => figure.state === 'measured')
  const machines = (side: 'before' | 'after') => [...new Set(measured.flatMap((figure) => figure[side].machines ?? []))].join('; ')
  const [one, other] = [machines('before'), machines('after')]
  return [
    ...(stopped ? ['The run was stopped before its end.'] : []),
    `Before is ${before.commit}, after is ${after.commit}${after.changed ? ' with uncommitted changes' : ''}. Seed ${seed}.`,
    ...(measured.length === 0 ? [] : [VALUES]),
    ...(one === '' && other === '' ? [] : [one === other ? `Machines: ${one}.` : `Machines before: ${one}. After: ${other}.`]),
    ...(kernel === undefined ? [] : [`Sides that can choose a kernel were asked for: ${kernel}.`]),
    `Host: ${plural(host.cores, 'core')}, ${(host.memoryBytes / GiB).toFixed(0)} GiB, Linux ${host.kernel}, Node ${host.node}. Load before the run: ${host.load.map((value) => value.toFixed(2)).join(', ')}.`,
    ...(load > host.cores / 2 ? ['The host was busy with something else when the run began.'] : []),
    ...(measured.length === 0 ? [] : [MEMORY[memory]]),
  ]
}

const VALUES =
  'Each value is the median of its rounds, with the least and the most. The sides ran in turns. A ratio is after divided by before.'
const PEAK = 'Memory is the largest sum over the processes of a run, sampled up to four times a second, of'
const MEMORY: Readonly<Record<Bench['memory'], string>> = {
  pss: `${PEAK} their proportional set sizes (Pss).`,
  rss: `${PEAK} their resident set sizes, in which shared pages count several times.`,
  mixed: `${PEAK} their proportional set sizes (Pss), or of their resident set sizes where Pss cannot be read.`,
}

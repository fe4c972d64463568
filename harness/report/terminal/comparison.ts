import { Chalk } from 'chalk'
import wrapAnsi from 'wrap-ansi'
import { type Change, type ChangeKind, type Comparison, changeKinds, type Slower } from '../../result/compare.ts'
import { allPrintable } from '../../result/describe.ts'
import { type Block, code, heading, markdownOf, paragraph, table } from '../markdown/markdown.ts'
import { shortened } from '../select/shortened.ts'
import { indent } from './indent.ts'

const TITLES: Readonly<Record<ChangeKind, string>> = {
  'new-failure': 'New failures',
  'no-longer-shown': 'No longer shown',
  'still-failing': 'Still failing',
  'failure-not-shown': 'Failed and now not shown',
  fixed: 'Fixed',
  'now-shown': 'Upheld and not shown before',
  new: 'New',
  gone: 'Gone',
}
/** Of each kind so many are told. */
const MOST_TOLD = 20
const MOST_TEXT = 300

/** What became of a run since an earlier one, as text for a terminal of 80 columns. */
export function comparisonReport(of: Comparison, colours: boolean): string {
  const comparison = allPrintable(of)
  const chalk = new Chalk({ level: colours ? 1 : 0 })
  const { changes, newLeaks, timing, worse } = comparison
  const groups = changeKinds.flatMap((kind) => {
    const some = changes[kind]
    if (some.length === 0) return []
    const more = some.length > MOST_TOLD ? [`  and ${some.length - MOST_TOLD} more`] : []
    return [[chalk.bold(`${TITLES[kind]} (${some.length})`), ...some.slice(0, MOST_TOLD).flatMap(changeLines(kind)), ...more].join('\n')]
  })
  if (newLeaks.length > 0)
    groups.push([chalk.bold(`Newly left behind (${newLeaks.length})`), ...newLeaks.map((leak) => `  ${leak}`)].join('\n'))
  if (timing.kind === 'compared' && timing.slower.length > 0)
    groups.push(
      [chalk.bold(`Slower (${timing.slower.length})`), ...timing.slower.map((some) => `  ${some.id}  ${seconds(some)}`)].join('\n'),
    )
  const head = worse ? chalk.red.bold('✗ WORSE') : chalk.green.bold('✓ NOT WORSE')
  const [first = '', ...others] = wrapAnsi(`${head}  ${counts(comparison)}`, 78).split('\n')
  const end = [first, ...others.map(indented), ...timingLines(comparison).flatMap((line) => wrapAnsi(line, 78).split('\n').map(indented))]
  return `${[...groups, end.join('\n')].join('\n\n')}\n`
}

/** The same as GitHub-flavoured Markdown. */
export function comparisonMarkdown(comparison: Comparison): string {
  return markdownOf(comparisonBlocks(comparison))
}

export function comparisonBlocks(comparison: Comparison): Block[] {
  const { changes, newLeaks, timing, worse } = comparison
  const groups = changeKinds.flatMap((kind): Block[] => {
    const some = changes[kind]
    if (some.length === 0) return []
    const told = some.slice(0, MOST_TOLD)
    const more = some.slice(MOST_TOLD).map(({ id }) => id)
    return [
      heading(3, `${TITLES[kind]} (${some.length})`),
      table(
        ['', 'before', 'now', 'seen', 'repeat'],
        told.map(({ id, before = '', after = '', text, repeat }) => [
          code(id),
          before,
          after,
          code(shortened(text, MOST_TEXT)),
          code(repeat),
        ]),
      ),
      ...(more.length > 0 ? [paragraph('and ', code(shortened(more.join(', '), 20 * MOST_TEXT)))] : []),
    ]
  })
  return [
    heading(2, `${worse ? '❌ worse' : '✅ not worse'} than before`),
    paragraph(counts(comparison)),
    ...timingLines(comparison).map((line) => paragraph(line)),
    ...groups,
    ...(newLeaks.length > 0
      ? [
          heading(3, 'Newly left behind'),
          table(
            ['what'],
            newLeaks.map((leak) => [code(leak)]),
          ),
        ]
      : []),
    ...(timing.kind === 'compared' && timing.slower.length > 0
      ? [
          heading(3, 'Slower'),
          table(
            ['', 'seconds'],
            timing.slower.map((some) => [code(some.id), seconds(some)]),
          ),
        ]
      : []),
  ]
}

function changeLines(kind: ChangeKind): (change: Change) => string[] {
  return ({ id, before = 'not there', after = 'not there', text, repeat }) => {
    const plain = kind === 'fixed' || kind === 'now-shown' || kind === 'new' || kind === 'gone'
    const head = `  ${id}  ${before} > ${after}`
    if (plain) return [head]
    return [head, ...indent(shortened(text, MOST_TEXT)), `    repeat: ${repeat}`]
  }
}

function counts({ changes, unchanged, newLeaks, before, after }: Comparison): string {
  const parts = changeKinds.map((kind) => [changes[kind].length, TITLES[kind]] as const).filter(([count]) => count > 0)
  const changed = parts.map(([count, title]) => `${count} ${title.charAt(0).toLowerCase()}${title.slice(1)}`)
  const leaks = newLeaks.length > 0 ? [`${newLeaks.length} newly left behind`] : []
  return `${before.verdict} > ${after.verdict}: ${[...changed, ...leaks, `${unchanged} unchanged`].join(', ')}`
}

function timingLines({ timing, before, after }: Comparison): string[] {
  const lines = [`${before.seconds.toFixed(1)} s > ${after.seconds.toFixed(1)} s; seeds ${before.seed} and ${after.seed}`]
  if (timing.kind === 'not-compared') return [...lines, `times are not compared: ${timing.why}`]
  const { overall, limit, floorSeconds, slower } = timing
  const same =
    overall === undefined ? 'too little is in both to tell which machine is faster' : `the same takes ${overall.toFixed(2)} times as long`
  const than = overall === undefined ? 'as long' : 'that'
  return [...lines, `${same}; slower is what takes ${limit.toFixed(1)} times ${than}, and ${floorSeconds} s more: ${slower.length}`]
}

function seconds({ beforeSeconds, afterSeconds }: Slower): string {
  return `${beforeSeconds.toFixed(1)} s > ${afterSeconds.toFixed(1)} s`
}

function indented(line: string): string {
  return `  ${line}`
}

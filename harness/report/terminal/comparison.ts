import wrapAnsi from 'wrap-ansi'
import type { Change, Comparison } from '../../result/compare.ts'
import { allPrintable } from '../../result/describe.ts'
import { type ComparisonSection, comparisonCounts, comparisonSections, timingTexts } from '../select/comparison.ts'
import { chalkFor, indent, wrapBehind } from './style.ts'

/** Two runs compared, as text for a terminal of 80 columns. */
export function comparisonReport(of: Comparison, colours: boolean): string {
  const comparison = allPrintable(of)
  const chalk = chalkFor(colours)
  const sections = comparisonSections(comparison).map((section) => {
    const [count, lines] = linesOf(section)
    return [chalk.bold(`${section.title} (${count})`), ...lines].join('\n')
  })
  const head = comparison.worse ? chalk.red.bold('✗ WORSE') : chalk.green.bold('✓ NOT WORSE')
  const [first = '', ...others] = wrapAnsi(`${head}  ${comparisonCounts(comparison)}`, 78).split('\n')
  const end = [first, ...others.map((line) => `  ${line}`), ...timingTexts(comparison).flatMap((line) => wrapBehind('  ', line))]
  return `${[...sections, end.join('\n')].join('\n\n')}\n`
}

function linesOf(section: ComparisonSection): [count: number, lines: string[]] {
  if (section.kind === 'list')
    return [section.rows.length, section.rows.flatMap(([name, ...texts]) => wrapBehind(`  ${name}  `, texts.join(' > ')))]
  const more = section.more.length > 0 ? [`  and ${section.more.length} more`] : []
  return [section.count, [...section.changes.flatMap((change) => changeLines(change, section.inFull)), ...more]]
}

function changeLines({ id, before, after, text, repeat }: Change, inFull: boolean): string[] {
  const head = `  ${id}  ${before ?? 'not there'} > ${after ?? 'not there'}`
  return inFull ? [head, ...indent(text), `    repeat: ${repeat}`] : [head]
}

import type { Comparison } from '../../result/compare.ts'
import { type ComparisonSection, comparisonCounts, comparisonSections, timingTexts } from '../select/comparison.ts'
import { shortened } from '../select/words.ts'
import { type Block, code, heading, markdownOf, paragraph, table } from './markdown.ts'

const MOST_IDS_TEXT = 6000

/** Two runs compared, as GitHub-flavoured Markdown. */
export function comparisonMarkdown(comparison: Comparison): string {
  return markdownOf(comparisonBlocks(comparison))
}

export function comparisonBlocks(comparison: Comparison): Block[] {
  return [
    heading(2, `${comparison.worse ? '❌ worse' : '✅ not worse'} than before`),
    paragraph(comparisonCounts(comparison)),
    ...timingTexts(comparison).map((line) => paragraph(line)),
    ...comparisonSections(comparison).flatMap(blocksOf),
  ]
}

function blocksOf(section: ComparisonSection): Block[] {
  if (section.kind === 'list')
    return [
      heading(3, section.title),
      table(
        section.columns,
        section.rows.map(([name, ...texts]) => [code(name), ...texts]),
      ),
    ]
  return [
    heading(3, `${section.title} (${section.count})`),
    table(
      ['', 'before', 'now', 'seen', 'repeat'],
      section.changes.map(({ id, before = '', after = '', text, repeat }) => [code(id), before, after, code(text), code(repeat)]),
    ),
    ...(section.more.length > 0 ? [paragraph('and ', code(shortened(section.more.join(', '), MOST_IDS_TEXT)))] : []),
  ]
}

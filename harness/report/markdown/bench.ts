import type { Bench, Figure } from '../../result/bench.ts'
import { benchNotes, breakdownTables, commitText, peakText, ratioBounds, ratioText, sideText } from '../select/bench.ts'
import { type Block, code, heading, type Inline, markdownOf, paragraph, table } from './markdown.ts'

/** Two commits measured, as GitHub-flavoured Markdown to quote in a document. */
export function benchMarkdown(bench: Bench): string {
  const { figures, before, after } = bench
  return markdownOf([
    table(
      ['figure', '', `before (${commitText(before)})`, `after (${commitText(after)})`, 'ratio', 'memory before', 'memory after'],
      figures.map(figureRow),
    ),
    paragraph(benchNotes(bench).join('\n')),
    ...breakdownTables(bench).flatMap(({ title, columns, rows }): Block[] => [
      heading(3, title),
      table(
        columns,
        rows.map(([name = '', ...texts]) => [name, ...texts]),
      ),
    ]),
  ])
}

function figureRow(figure: Figure): (string | Inline)[] {
  if (figure.state === 'not-shown') return [code(figure.id), figure.title, 'not shown', code(figure.reason), '', '', '']
  const { id, title, before, after, unit } = figure
  const bounds = ratioBounds(figure)
  return [
    code(id),
    title,
    sideText(before, unit),
    sideText(after, unit),
    `${ratioText(figure)}${bounds === undefined ? '' : ` (${bounds})`}`,
    `${peakText(before)} MiB`,
    `${peakText(after)} MiB`,
  ]
}

import type { Kernels } from '../../result/kernels.ts'
import { type KernelsReport, kernelsSummary, kernelsWord, type SharedFailure } from '../select/kernels.ts'
import { shortened } from '../select/words.ts'
import { type Block, code, heading, type Inline, markdownWithin, paragraph, type Section, SIGNS, SUMMARY_BYTES, table } from './markdown.ts'

const MOST_ROWS = 100
const MOST_TEXT = 500

/** A run on several kernels as GitHub-flavoured Markdown, for a job's page. Sections that would make it too long are left out. */
export function kernelsMarkdown({ kernels, failures }: KernelsReport, mostBytes = SUMMARY_BYTES): string {
  const sections: Section[] = [
    { name: 'verdict', blocks: [...verdict(kernels), sideBySide(kernels)] },
    { name: 'differences', blocks: differences(kernels) },
    { name: 'what failed', blocks: failed(failures) },
    { name: 'what is not shown', blocks: notShown(kernels) },
  ]
  return markdownWithin(
    mostBytes,
    sections.filter(({ blocks }) => blocks.length > 0),
  )
}

function verdict(kernels: Kernels): Block[] {
  const { version, seconds, seed, brokenRule } = kernels
  const word = kernelsWord(kernels)
  return [
    heading(2, word === 'different' ? '❌ different' : SIGNS[word]),
    paragraph(`holeproof ${version}: ${kernelsSummary(kernels)}; ${seconds.toFixed(1)} s; seed ${seed}`),
    ...(brokenRule === undefined ? [] : [paragraph(`The run was broken on purpose (${brokenRule}): it must be red.`)]),
  ]
}

function sideBySide({ kernels }: Kernels): Block {
  return table(
    ['kernel', '', 'upheld', 'refuted', 'not shown', 'broken', 's', 'report'],
    kernels.map(({ kernel, verdict, counts, seconds, folder }) => [
      code(kernel),
      SIGNS[verdict],
      ...[counts.upheld, counts.refuted, counts['not-shown'], counts.broken].map(String),
      seconds.toFixed(1),
      code(`${folder}/report.html`),
    ]),
  )
}

function differences({ differences, kernels }: Kernels): Block[] {
  const rows = differences.map(({ id, field, values }): (string | Inline)[] => [
    code(id),
    field,
    ...kernels.map(({ kernel }) =>
      code(shortened(values.find((some) => some.kernels.includes(kernel))?.value ?? 'not compared', MOST_TEXT)),
    ),
  ])
  return tableOf('Differences between kernels', ['', '', ...kernels.map(({ kernel }) => kernel)], rows)
}

function failed(failures: readonly SharedFailure[]): Block[] {
  const rows = failures.map(({ id, verdict, why, repeat, kernels }): (string | Inline)[] => [
    code(id),
    SIGNS[verdict],
    code(kernels.join(', ')),
    code(shortened(why.join('; '), MOST_TEXT)),
    code(repeat),
  ])
  return tableOf('What failed', ['', '', 'on', 'seen', 'repeat'], rows)
}

function notShown({ notCompared }: Kernels): Block[] {
  const rows = notCompared
    .filter(({ verdict }) => verdict === 'not-shown')
    .map(({ kernel, reason, ids }): (string | Inline)[] => [
      code(kernel),
      code(shortened(reason, MOST_TEXT)),
      String(ids.length),
      code(shortened(ids.join(', '), MOST_TEXT)),
    ])
  return tableOf('What is not shown', ['on', 'because', '', ''], rows)
}

function tableOf(title: string, head: readonly string[], rows: readonly (readonly (string | Inline)[])[]): Block[] {
  if (rows.length === 0) return []
  const more = rows.length - MOST_ROWS
  const note = more > 0 ? [paragraph(`and ${more} more: see kernels.json`)] : []
  return [heading(3, `${title} (${rows.length})`), table(head, rows.slice(0, MOST_ROWS)), ...note]
}

import type { PhrasingContent, RootContent, TableCell } from 'mdast'
import { gfmTableToMarkdown } from 'mdast-util-gfm-table'
import { toMarkdown } from 'mdast-util-to-markdown'
import type { CheckResult } from '../../result/certificate.ts'
import { printable } from '../../result/describe.ts'
import { MiB } from '../../units.ts'

export const SIGNS: Readonly<Record<CheckResult['verdict'], string>> = {
  upheld: '✅ upheld',
  refuted: '❌ refuted',
  'not-shown': '❔ not shown',
  broken: '⚠️ broken',
  'not-offered': '➖ not offered',
}
/** GitHub refuses a step's summary of more. */
export const SUMMARY_BYTES = MiB

/** A block of Markdown: a heading, a paragraph, a table, a listing. */
export type Block = RootContent
/** A part of a line: text, or text in the face of code. */
export type Inline = PhrasingContent

/**
 * GitHub-flavoured Markdown. What a command or a driver said belongs in `code` or a `listing`: elsewhere GitHub makes links, mentions,
 * formulas and pictures of it, and no escape keeps it from that.
 */
export function markdownOf(blocks: readonly Block[]): string {
  return toMarkdown({ type: 'root', children: [...blocks] }, { extensions: [gfmTableToMarkdown({ tablePipeAlign: false })], bullet: '-' })
}

/** A part of a summary that may be left out. */
export interface Section {
  readonly name: string
  readonly blocks: readonly Block[]
}

/** The sections that fit into so many bytes, and a note on those that do not. The first section is always there. */
export function markdownWithin(mostBytes: number, sections: readonly Section[]): string {
  const [first, ...others] = sections.map(({ name, blocks }) => ({ name, text: markdownOf(blocks) }))
  let text = first?.text ?? ''
  const left: string[] = []
  for (const section of others) {
    const longer = `${text}\n${section.text}`
    if (bytesOf(longer) + bytesOf(note([...left, ...others.map(({ name }) => name)])) <= mostBytes) text = longer
    else left.push(section.name)
  }
  return left.length === 0 ? text : `${text}${note(left)}`
}

function note(left: readonly string[]): string {
  return `\n${markdownOf([paragraph(`Left out to keep the summary short: ${left.join(', ')}. The report has everything.`)])}`
}

function bytesOf(text: string): number {
  return new TextEncoder().encode(text).length
}

export function heading(depth: 2 | 3, ...inline: readonly (string | Inline)[]): Block {
  return { type: 'heading', depth, children: phrasing(inline) }
}

export function paragraph(...inline: readonly (string | Inline)[]): Block {
  return { type: 'paragraph', children: phrasing(inline) }
}

/** Text between fences, as it is. */
export function listing(text: string): Block {
  return { type: 'code', value: printable(text) }
}

export function code(text: string): Inline {
  const value = printable(text).replaceAll('\n', ' ')
  return { type: value === '' ? 'text' : 'inlineCode', value }
}

/** A table; in a cell a line's end is a blank. */
export function table(head: readonly string[], rows: readonly (readonly (string | Inline)[])[]): Block {
  const row = (cells: readonly (string | Inline)[]) => ({
    type: 'tableRow' as const,
    children: cells.map((cell): TableCell => ({ type: 'tableCell', children: phrasing([cell], ' ') })),
  })
  return { type: 'table', children: [row(head), ...rows.map(row)] }
}

function phrasing(inline: readonly (string | Inline)[], lineEnd = '\n'): PhrasingContent[] {
  return inline.map((part) => (typeof part === 'string' ? { type: 'text', value: printable(part).replaceAll('\n', lineEnd) } : part))
}

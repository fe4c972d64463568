import { readFileSync } from 'node:fs'
import type { CommandEnding } from '../../harness/machine/command_failed.ts'
import { assetPath } from '../../harness/paths.ts'

/** A command that a document has its reader type. */
export interface Step {
  /** As for sh. */
  readonly command: string
  /** Its output as the document shows it, where `...` alone on a line stands for any lines. Empty where it shows nothing. */
  readonly shown: readonly string[]
}

/** Begins a line that shows how a command ended. */
const VERDICT = /^(✓|✗|\?|CORRUPT:|holeproof:) /

/**
 * The commands of a document in their order: blocks of `sh` are typed as they stand, one after another; blocks of `console`
 * hold commands after `$ ` with what they print below them.
 */
export function commandsIn(file: string): Step[] {
  const blocks = readFileSync(assetPath(file), 'utf8').matchAll(/^( *)```(sh|console)\n([\s\S]*?)^ *```$/gm)
  return [...blocks].flatMap(([, indent = '', language, text = '']) => {
    const lines = text.split('\n').map((line) => line.slice(indent.length))
    return language === 'sh' ? [{ command: lines.join('\n'), shown: [] }] : consoleSteps(lines.slice(0, -1))
  })
}

function consoleSteps(lines: readonly string[]): Step[] {
  const starts = lines.flatMap((line, index) => (line.startsWith('$ ') ? [index] : []))
  return starts.map((start, index) => {
    const [first = '', ...rest] = lines.slice(start, starts[index + 1])
    // As a shell shows it, a command goes on in the lines after `> `.
    const more = rest.findIndex((line) => !line.startsWith('> '))
    const command = [first, ...(more < 0 ? rest : rest.slice(0, more))].map((line) => line.slice(2)).join('\n')
    return { command, shown: more < 0 ? [] : rest.slice(more) }
  })
}

/** Returns the shown lines that the output lacks in this order. Values that change from run to run do not count as differences. */
export function missingLines(printed: string, shown: readonly string[]): string[] {
  const seen = printed.split('\n').map(comparable)
  const missing: string[] = []
  let at = 0
  let mayskip = false
  for (const line of shown) {
    if (line.trim() === '...') {
      mayskip = true
      continue
    }
    const wanted = comparable(line)
    const found = seen.indexOf(wanted, at)
    if (found < 0 || (!mayskip && at > 0 && found > at)) missing.push(line)
    else at = found + 1
    mayskip = false
  }
  return missing
}

/**
 * Returns whether a command ended as a reader expects: with 0, unless the last verdict that is shown is a failure or an error. After a
 * verdict of not shown it may end either way.
 */
export function endedAsShown(ending: CommandEnding, shown: readonly string[]): boolean {
  if (ending.how !== 'exit') return false
  const verdict = shown.findLast((line) => VERDICT.test(line)) ?? '✓'
  return verdict.startsWith('?') || verdict.startsWith('✓') === (ending.code === 0)
}

/** Times, machines and their kernels differ; so do the widths of columns that hold them. */
function comparable(line: string): string {
  return line
    .replaceAll(/\d+ x (uml|native|qemu) [\w.+-]+/g, 'MACHINES')
    .replaceAll(/\b(uml|native|qemu)\b/g, 'MACHINE')
    .replaceAll(/\b\d+\.\d+ s\b/g, 'TIME')
    .replace(/^([✓✗?!] .*?) +\d+(\.\d)?$/, '$1 TIME')
    .replaceAll(/[ \t]+/g, ' ')
    .trim()
}

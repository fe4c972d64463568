import { sizeText } from '../units.ts'
import type { Difference } from './bytes.ts'
import type { Finding } from './finding.ts'
import type { MirrorOptions } from './mirror.ts'

/** Describes the bytes found where others belong. */
export function describeFound(found: Difference['found']): string {
  switch (found.what) {
    case 'zero':
      return 'zeros'
    case 'poison':
      return 'poison (what lay on the storage before)'
    case 'other-stamp':
      return "another volume's data"
    case 'shifted-stamp':
      return `this volume's data from offset ${found.fromOffset}`
    case 'other-write':
      return found.generation === 0 ? 'what the volume held before the writes' : `write ${found.generation} to the volume in use`
    case 'noise':
      return 'noise'
  }
}

/** Describes the bytes that belong there. */
export function describeExpected(expected: Difference['expected']): string {
  return expected === 'zero' ? 'zeros belong' : 'data belongs'
}

/** For example, "at byte 4096: 512 bytes of poison (what lay on the storage before) where zeros belong". */
export function describeDifference({ offset, length, expected, found }: Difference): string {
  return `at byte ${offset}: ${length} bytes of ${describeFound(found)} where ${describeExpected(expected)}`
}

/** "as Nova sets it", or "with detect-zeroes=unmap, discard=unmap". */
export function describeMirrorOptions({ detectZeroes, discard, copyMode, targetIsZero, bufBytes }: MirrorOptions): string {
  const set = [
    ...(detectZeroes ? [`detect-zeroes=${detectZeroes}`] : []),
    ...(discard ? [`discard=${discard}`] : []),
    ...(copyMode ? [`copy-mode=${copyMode}`] : []),
    ...(targetIsZero ? ['target-is-zero'] : []),
    ...(bufBytes ? [`buf-size=${sizeText(bufBytes)}`] : []),
  ]
  return set.length === 0 ? 'as Nova sets it' : `with ${set.join(', ')}`
}

/** The findings that failed, a line for each: its check, and what was seen. */
export function describeFailed(findings: readonly Finding[]): string[] {
  return findings.filter(({ ok }) => !ok).map(({ check, text }) => `${check}: ${text}`)
}

/** Escapes the control characters, except the line feed, and the characters that change the direction of text, so that foreign text cannot steer a terminal. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that must go
  return text.replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}

/** Makes every string within a JSON value printable. */
export function allPrintable<Value>(value: Value): Value {
  return JSON.parse(JSON.stringify(value), (_, part) => (typeof part === 'string' ? printable(part) : part))
}

/** Quotes a word for a shell, if it needs quotes. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}

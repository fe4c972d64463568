import type { Difference } from './bytes.ts'
import type { Finding } from './finding.ts'

/** What lay where something else belongs, in words. */
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
    case 'noise':
      return 'noise'
  }
}

/** What belongs there, in words. */
export function describeExpected(expected: Difference['expected']): string {
  return expected === 'zero' ? 'zeros belong' : 'data belongs'
}

/** "at byte 4096: 512 bytes of poison where zero belongs". */
export function describeDifference({ offset, length, expected, found }: Difference): string {
  return `at byte ${offset}: ${length} bytes of ${describeFound(found)} where ${describeExpected(expected)}`
}

/** The findings that failed, a line for each: its check, and what was seen. */
export function describeFailed(findings: readonly Finding[]): string[] {
  return findings.filter(({ ok }) => !ok).map(({ check, text }) => `${check}: ${text}`)
}

/** Text that somebody else wrote, with its control characters but the line feed, and those that turn the direction of writing, written out: it cannot steer a terminal. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that must go
  return text.replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}

/** The same with every text in it. */
export function allPrintable<Value>(value: Value): Value {
  return JSON.parse(JSON.stringify(value), (_, part) => (typeof part === 'string' ? printable(part) : part))
}

/** A word of a command line as a shell takes it. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}

import { expect, test } from 'vitest'
import { printable } from './printable.ts'

test.each([
  ['stays as it is: letters, lines and signs', 'Größe 1\n"2" \\u0041 ✗ 漢', 'Größe 1\n"2" \\u0041 ✗ 漢'],
  ['shows what would clear the screen', 'no\u001b[2J space', 'no\\u001b[2J space'],
  ['shows what would do so in one character', '\u009b2J', '\\u009b2J'],
  ['shows what would take a line back', 'all lost\rall well\b\t\u007f\0', 'all lost\\u000dall well\\u0008\\u0009\\u007f\\u0000'],
])('printable text %s', (_, text, printed) => {
  expect(printable(text)).toBe(printed)
})

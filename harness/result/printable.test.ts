import { expect, test } from 'vitest'
import { printable } from './describe.ts'

test.each([
  ['stays as it is: letters, lines and signs', 'Größe 1\n"2" \\u0041 ✗ 漢', 'Größe 1\n"2" \\u0041 ✗ 漢'],
  ['shows what would clear the screen', 'no\u001b[2J space', 'no\\u001b[2J space'],
  ['shows what would do so in one character', '\u009b2J', '\\u009b2J'],
  ['shows what would take a line back', 'all lost\rall well\b\t\u007f\0', 'all lost\\u000dall well\\u0008\\u0009\\u007f\\u0000'],
  ['shows what would turn the direction of writing', 'lost \u202ellew\u202c \u2066all\u2069', 'lost \\u202ellew\\u202c \\u2066all\\u2069'],
  ['shows what some take for the end of a line', 'all\u2028lost\u2029', 'all\\u2028lost\\u2029'],
])('printable text %s', (_, text, printed) => {
  expect(printable(text)).toBe(printed)
})

import { expect, test } from 'vitest'
import { commandsIn, endedAsShown, missingLines } from './doc_examples.ts'

const PRINTED = ['a long report', '✓ lvm-thin  intact  2.2', 'between', '✓ UPHELD', '  31.0 s on 2 x uml 6.1.176; seed 7', ''].join('\n')

test('what is printed is as shown, but for times, machines and what is left out', () => {
  const shown = ['...', '✓ lvm-thin  intact   14', '...', '✓ UPHELD', '  2.5 s on 1 x native 6.8.0-1; seed 7']

  expect(missingLines(PRINTED, shown)).toEqual([])
})

test.each([
  ['another word', ['...', '✓ lvm-thick  intact  2.2'], ['✓ lvm-thick  intact  2.2']],
  ['another seed', ['...', '  31.0 s on 2 x uml 6.1.176; seed 8'], ['  31.0 s on 2 x uml 6.1.176; seed 8']],
  ['another order', ['...', '✓ UPHELD', '...', 'between'], ['between']],
  ['a line left out without a word', ['...', '✓ lvm-thin  intact  2.2', '✓ UPHELD'], ['✓ UPHELD']],
])('%s is a difference', (_, shown, missing) => {
  expect(missingLines(PRINTED, shown)).toEqual(missing)
})

test('a document is walked in its order: blocks for sh as they stand, and commands with what they print', () => {
  const [setUp, ...steps] = commandsIn('docs/protocol.md')

  expect(setUp).toEqual({ command: 'mkdir volumes', shown: [] })
  expect(steps.at(-1)?.command).toMatch(/^examples\/drivers\/shell\/driver\.sh <<END\n\{[\s\S]*\}\nEND$/)
  expect(steps.at(-1)?.shown).toHaveLength(3)
  expect(commandsIn('docs/write-a-driver.md').at(0)).toEqual({ command: 'scripts/doctor\n', shown: [] })
})

test.each<[string, readonly string[], readonly number[]]>([
  ['nothing', [], [0]],
  ['what does not matter', ['...'], [0]],
  ['no verdict', ['...', 'Preallocation does not survive (1 cell).'], [0]],
  ['a verdict for it', ['✗ native  no thin pools', '...', '✓ UPHELD  2 cells'], [0]],
  ['a verdict against it', ['✓ new-reads-zero', '✗ REFUTED  liar/lvm-thick', '...'], [1, 2, 3]],
  ['old bytes', ['...', 'CORRUPT: from byte 0 on', '...'], [1, 2, 3]],
  ['an error', ['holeproof: These results cannot be merged:', '  shard 2 of 2 is missing'], [1, 2, 3]],
  ['that something is not shown', ['✗ refuted', '? NOT-SHOWN  4 cells'], [0, 1, 2, 3]],
])('a command that shows %s ends so', (_, shown, codes) => {
  expect([0, 1, 2, 3].filter((code) => endedAsShown({ how: 'exit', code }, shown))).toEqual(codes)
  expect(endedAsShown({ how: 'timeout', seconds: 240 }, shown)).toBe(false)
})

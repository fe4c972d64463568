import { expect, test } from 'vitest'
import { missingFrom, stepsOf } from './walk.ts'

const PRINTED = ['a long report', '✓ lvm-thin  intact  2.2', 'between', '✓ UPHELD', '  31.0 s on 2 x uml 6.1.176; seed 7', ''].join('\n')

test('what is printed is as shown, but for times, machines and what is left out', () => {
  const shown = ['...', '✓ lvm-thin  intact   14', '...', '✓ UPHELD', '  2.5 s on 1 x native 6.8.0-1; seed 7']

  expect(missingFrom(PRINTED, shown)).toEqual([])
})

test.each([
  ['another word', ['...', '✓ lvm-thick  intact  2.2'], ['✓ lvm-thick  intact  2.2']],
  ['another seed', ['...', '  31.0 s on 2 x uml 6.1.176; seed 8'], ['  31.0 s on 2 x uml 6.1.176; seed 8']],
  ['another order', ['...', '✓ UPHELD', '...', 'between'], ['between']],
  ['a line left out without a word', ['...', '✓ lvm-thin  intact  2.2', '✓ UPHELD'], ['✓ UPHELD']],
])('%s is a difference', (_, shown, missing) => {
  expect(missingFrom(PRINTED, shown)).toEqual(missing)
})

test('a document is walked in its order: blocks for sh as they stand, and commands with what they print', () => {
  const [setUp, ...steps] = stepsOf('docs/driver-protocol.md')

  expect(setUp).toEqual({ command: 'mkdir volumes', shown: [] })
  expect(steps.at(-1)?.command).toMatch(/^drivers\/templates\/shell\/driver\.sh <<END\n\{[\s\S]*\}\nEND$/)
  expect(steps.at(-1)?.shown).toHaveLength(3)
  expect(stepsOf('docs/write-a-driver.md').at(0)).toEqual({ command: 'scripts/doctor\n' })
})

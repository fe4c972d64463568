import { expect, test } from 'vitest'
import { showCounterexample } from './show_counterexample.ts'

test('a folder with a blank in its name is one word', () => {
  expect(showCounterexample({ repeat: 'scripts/certify x' }, { file: 'x.sh' }, 'my reports')).toBe(
    "scripts/run sh 'my reports/counterexamples/x.sh'",
  )
})

test.each([
  ['scripts/certify --seed 1 ./certify.ts', 'scripts/run sh reports/counterexamples/x.sh'],
  ['holeproof certify lvm-thin', 'holeproof run sh reports/counterexamples/x.sh'],
  ['npx holeproof certify lvm-thin', 'npx holeproof run sh reports/counterexamples/x.sh'],
  ['vitest -t "new-reads-zero"', 'npx holeproof run sh reports/counterexamples/x.sh'],
])('what %s found is shown by %s', (repeat, shown) => {
  expect(showCounterexample({ repeat }, { file: 'x.sh' }, 'reports')).toBe(shown)
})

import { expect, test } from 'vitest'
import { showCounterexample } from './show_counterexample.ts'

test.each([
  ['scripts/certify --seed 1 ./certify.ts', 'scripts/run sh reports/counterexamples/x.sh'],
  ['holeproof certify lvm-thin', 'holeproof run sh reports/counterexamples/x.sh'],
  ['npx holeproof certify lvm-thin', 'npx holeproof run sh reports/counterexamples/x.sh'],
  ['vitest -t "new-reads-zero"', 'npx holeproof run sh reports/counterexamples/x.sh'],
])('what %s found is shown by %s', (repeat, shown) => {
  expect(showCounterexample({ repeat }, { file: 'x.sh' }, 'reports')).toBe(shown)
})

import { expect, test } from 'vitest'
import { listChecks } from '../../../harness/certify/checks/list_checks.ts'
import { behaviours } from './behaviours.ts'

/** The checks that no hostile program is made for, with the scenario's driver that they refute. */
const OTHERS = { 'migrate-in/driver': 'liar/lvm-thick-larger in counterexamples_show_themselves' }

// A check that nothing fails would prove nothing.
test('every check has a control: a driver that it refutes in a scenario', () => {
  const refuted: string[] = [...Object.values(behaviours), ...Object.keys(OTHERS)].filter((id) => id !== '')
  const without = listChecks().filter(({ id }) => !refuted.some((control) => id === control || id.startsWith(`${control}/`)))

  expect(without.map(({ id }) => id)).toEqual([])
})

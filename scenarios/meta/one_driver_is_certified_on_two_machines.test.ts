import { expect, test } from 'vitest'
import { listChecks } from '../../harness/certify/checks/list_checks.ts'
import { allowedCores } from '../../harness/machine/cores.ts'
import { selectedKind } from '../../harness/machine/selected_machine.ts'
import { LEFT_OUT } from '../../harness/result/certificate.ts'
import { certified, hostile } from '../../tests/support/certified.ts'

const hasTwo = selectedKind !== 'native' && allowedCores().length > 1
const machines = [`${selectedKind}1`, `${selectedKind}2`] as const
const CHECKS = ['sets-up', 'paths-are-its-own', 'migrate-in/host/lvm-thin', 'speaks-protocol', 'leaves-nothing-behind']

test.runIf(hasTwo).each(machines)('a driver that leaves a process on the machine %s alone is refuted by it', async (machine) => {
  const [certificate] = await certified([hostile('forks-child-that-stays')], {
    options: { only_on: machine },
    only: (id) => CHECKS.includes(id),
    searchSeconds: 0,
  })

  expect(certificate).toMatchObject({ verdict: 'refuted', machine: machines.join(', ') })
  const checks = certificate?.checks ?? []
  expect(checks.map(({ id }) => id)).toEqual(listChecks().map(({ id }) => id))
  expect(checks.filter(({ text }) => text !== LEFT_OUT).map(({ id, verdict }) => `${id} ${verdict}`)).toEqual([
    'sets-up upheld',
    'paths-are-its-own upheld',
    'migrate-in/host/lvm-thin upheld',
    'speaks-protocol upheld',
    'leaves-nothing-behind refuted',
  ])
})

test.runIf(hasTwo)('counterexamples are numbered in the order of the checks, whichever machine finds its own first', async () => {
  const [certificate] = await certified(['liar/lvm-thick'], {
    only: (id) => ['every-volume-reads-zero', 'migrate-in/host/lvm-thin'].includes(id),
  })

  const refuted = certificate?.checks.filter(({ verdict }) => verdict === 'refuted') ?? []
  expect(refuted.map(({ id, counterexample }) => `${id} ${counterexample}`)).toEqual([
    'every-volume-reads-zero 0',
    'migrate-in/host/lvm-thin 1',
  ])
  expect(certificate?.counterexamples.map(({ file }) => file)).toEqual(['liar-lvm-thick-1.sh', 'liar-lvm-thick-2.sh'])
})

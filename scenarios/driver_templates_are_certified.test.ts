import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { findCandidate } from '../harness/certify/candidate/candidate.ts'
import { certify } from '../harness/certify/certify.ts'
import { selectedKind } from '../harness/machine/machine_kind.ts'

const templates = ['python/driver.py', 'typescript/driver.ts']
const pathOf = (template: string) => fileURLToPath(new URL(`../examples/drivers/${template}`, import.meta.url))
/** The migrations would take as long again; examples/drivers has nothing of its own there but the rename. */
const left = (id: string) => id.startsWith('migrate-') && id !== 'migrate-in/host/lvm-thin'

// What a developer copies is certified as it stands, with its claim of true. docs/write-a-driver.md does it with the one in shell.
test('the driver templates are certified', { timeout: 600_000 }, async ({ signal }) => {
  const { certificates, leaks } = await certify({
    candidates: templates.map((path) => findCandidate(pathOf(path))),
    machine: selectedKind,
    seed: 1,
    only: (id) => !left(id),
    signal,
  })

  const unsound = certificates.flatMap(({ driver, checks }) =>
    checks
      .filter(({ id, verdict }) => !left(id) && verdict !== 'upheld' && verdict !== 'not-offered')
      .map(({ id, verdict, text }) => `${driver}: ${id} is ${verdict}: ${text}`),
  )
  expect(unsound).toEqual([])
  expect(certificates.map(({ claim }) => claim)).toEqual(templates.map(() => true))
  expect(leaks).toEqual([])
})

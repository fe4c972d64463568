import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import type { Candidate } from '../harness/certify/candidate/candidate.ts'
import { certify, STORAGE_BYTES } from '../harness/certify/certify.ts'
import type { DriverName } from '../harness/drivers/backend.ts'
import { makeRunFolder } from '../harness/lab/run_folder.ts'
import { loadStorageModules } from '../harness/machine/guest/load_storage_modules.ts'
import { selectedKind } from '../harness/machine/machine_kind.ts'
import { openMachines } from '../harness/testbed/open_machines.ts'
import { MiB } from '../harness/units.ts'

const HOSTILE = fileURLToPath(new URL('../tests/support/hostile/hostile.py', import.meta.url))

const builtIn = (driver: DriverName): Candidate => ({ kind: 'built-in', name: driver, driver })
const program = (name: string): Candidate => ({ kind: 'program', name, argv: ['/usr/bin/python3', HOSTILE, name], cwd: '/' })

/** Drivers that claim true and must not, with the check that refutes each and the smallest case that shows it. */
const liars: readonly { candidate: Candidate; check: string; what: string; first: number }[] = [
  { candidate: builtIn('liar/lvm-thick'), check: 'new-reads-zero', what: 'a new volume of 1 MiB, nothing written', first: 4096 },
  {
    candidate: builtIn('liar/lvm-thick-larger'),
    check: 'migrate-in/driver/lvm-thin',
    what: 'a volume of 1 MiB, nothing written, then migrated from lvm-thin by the host',
    first: 4096,
  },
  {
    candidate: builtIn('liar/lvm-thin-nozero'),
    check: 'partial-writes-read-zero/512',
    what: 'a new volume of 1 MiB, 512 bytes written at byte 0',
    first: 4096,
  },
  { candidate: builtIn('liar/lvm-thin-luks'), check: 'new-reads-zero', what: 'a new volume of 1 MiB, nothing written', first: 0 },
  {
    candidate: builtIn('liar/file-reused'),
    check: 'reused-reads-zero',
    what: 'a new volume of 1 MiB, on space that was used before, nothing written',
    first: 0,
  },
  { candidate: program('stale'), check: 'new-reads-zero', what: 'a new volume of 1 MiB, nothing written', first: 0 },
]

test('each liar is refuted with its smallest counterexample, whose script shows it without holeproof', { timeout: 600_000 }, async ({
  signal,
}) => {
  const { certificates, leaks } = await certify({
    candidates: liars.map(({ candidate }) => candidate),
    machine: selectedKind,
    seed: 1,
    storageBytes: STORAGE_BYTES / 2,
    only: (id, { name }) => liars.some(({ candidate, check }) => candidate.name === name && check === id),
    signal,
  })
  expect(leaks).toEqual([])
  const shown = certificates.map(({ driver, claim, verdict, counterexamples: [smallest] }) => ({
    ...{ driver, claim, verdict },
    ...{ what: smallest?.what, first: smallest?.first.offset },
  }))
  expect(shown).toEqual(
    liars.map(({ candidate: { name }, what, first }) => ({ driver: name, claim: true, verdict: 'refuted', what, first })),
  )

  const folder = await makeRunFolder(1024 * MiB)
  const [machine] = await openMachines(selectedKind, folder.path, 1)
  try {
    if (machine === undefined) throw new Error('no machine')
    await loadStorageModules(machine)
    for (const { driver, counterexamples } of certificates) {
      for (const { file, script } of counterexamples) {
        await writeFile(join(folder.path, file), script)
        const { stdout, stderr, ending } = await machine.run(['sh', join(folder.path, file)], { env: { TMPDIR: folder.path } })
        expect({ driver, ending, stdout: stdout.toString(), stderr: stderr.toString() }).toMatchObject({
          ending: { how: 'exit', code: 1 },
          stdout: expect.stringContaining('CORRUPT: from byte'),
        })
      }
    }
  } finally {
    await machine?.close()
    await folder.remove()
  }
})

import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Candidate, findCandidate } from '../harness/certify/candidate/candidate.ts'
import { STORAGE_BYTES } from '../harness/certify/certify.ts'
import { expect, scenario } from '../harness/scenario.ts'
import { certified, hostile } from '../tests/support/certified.ts'

/** Drivers that claim true and must not, with the check that refutes each and the smallest case that shows it. */
const liars: readonly { driver: Candidate; check: string; what: string; first: number }[] = [
  { driver: findCandidate('liar/lvm-thick'), check: 'new-reads-zero', what: 'a new volume of 1 MiB, nothing written', first: 4096 },
  {
    driver: findCandidate('liar/lvm-thick-larger'),
    check: 'migrate-in/driver/lvm-thin',
    what: 'a volume of 1 MiB, nothing written, then migrated from lvm-thin by the host',
    first: 4096,
  },
  {
    driver: findCandidate('liar/lvm-thin-nozero'),
    check: 'partial-writes-read-zero/512',
    what: 'a new volume of 1 MiB, 512 bytes written at byte 0',
    first: 4096,
  },
  { driver: findCandidate('liar/lvm-thin-luks'), check: 'new-reads-zero', what: 'a new volume of 1 MiB, nothing written', first: 0 },
  {
    driver: findCandidate('liar/file-reused'),
    check: 'reused-reads-zero',
    what: 'a new volume of 1 MiB, on space that was used before, nothing written',
    first: 0,
  },
  { driver: hostile('stale'), check: 'new-reads-zero', what: 'a new volume of 1 MiB, nothing written', first: 0 },
]

scenario(
  'each liar is refuted with its smallest counterexample, whose script shows it without holeproof',
  { timeout: 600_000 },
  async ({ context: { lab, machine }, signal }) => {
    const certificates = await certified(
      liars.map(({ driver }) => driver),
      {
        storageBytes: STORAGE_BYTES / 2,
        only: (id, { name }) => liars.some(({ driver, check }) => driver.name === name && check === id),
        signal,
      },
    )

    const shown = certificates.map(({ driver, claim, verdict, counterexamples: [smallest] }) => ({
      driver,
      claim,
      verdict,
      what: smallest?.what,
      first: smallest?.first.offset,
    }))
    expect(shown).toEqual(
      liars.map(({ driver: { name }, what, first }) => ({ driver: name, claim: true, verdict: 'refuted', what, first })),
    )

    for (const { driver, counterexamples } of certificates) {
      for (const { file, script } of counterexamples) {
        const path = join(lab.folder, file)
        await lab.own(
          `the script ${file}`,
          () => writeFile(path, script),
          () => rm(path),
        )
        const { stdout, stderr, ending } = await machine.run(['sh', path], { env: { TMPDIR: lab.folder } })
        expect({ driver, ending, stdout: stdout.toString(), stderr: stderr.toString() }).toMatchObject({
          ending: { how: 'exit', code: 1 },
          stdout: expect.stringContaining('CORRUPT: from byte'),
        })
      }
    }
  },
)

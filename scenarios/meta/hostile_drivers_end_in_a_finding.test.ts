import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import type { Candidate } from '../../harness/certify/candidate/candidate.ts'
import { certify, STORAGE_BYTES } from '../../harness/certify/certify.ts'
import { selectedKind } from '../../harness/machine/machine_kind.ts'
import { printable } from '../../harness/result/describe.ts'
import { type Behaviour, type BehaviourName, behaviours } from '../../tests/support/hostile/behaviours.ts'

const PROGRAM = fileURLToPath(new URL('../../tests/support/hostile/hostile.py', import.meta.url))
const LIMITS = { askSeconds: 2, verbSeconds: 5 }
/** The longest that a driver may keep its judge: three calls that are waited out, and new storage for what comes after. */
const MOST_SECONDS = 90
/** What is looked at besides: a driver that breaks no rule is upheld in all of them. */
const ALWAYS = ['sets-up', 'paths-are-its-own', 'speaks-protocol', 'leaves-nothing-behind']

const entries = Object.entries(behaviours) as [BehaviourName, Behaviour][]
const isOrBelow = (id: string, wanted: string) => id === wanted || id.startsWith(`${wanted}/`)

// One run for all of them, on as many machines as there are: each is judged within its time and none disturbs the next.
test(`${entries.length} hostile and broken drivers: each ends in its finding, and nothing is left of it`, { timeout: 900_000 }, async ({
  signal,
}) => {
  const candidates = entries.map(([name]): Candidate => ({ kind: 'program', name, argv: ['/usr/bin/python3', PROGRAM, name], cwd: '/' }))
  const { certificates, leaks } = await certify({
    candidates,
    machine: selectedKind,
    seed: 1,
    storageBytes: STORAGE_BYTES / 4,
    limits: LIMITS,
    only: (id, { name }) =>
      [...ALWAYS, behaviours[name as BehaviourName].expected].some((wanted) => wanted !== '' && isOrBelow(id, wanted)),
    signal,
  })

  const wrong = entries.flatMap(([name, { expected }]) => {
    const certificate = certificates.find(({ driver }) => driver === name)
    if (certificate === undefined) return `${name}: no certificate`
    const { checks, seconds } = certificate
    const refuted = checks.filter(({ verdict }) => verdict === 'refuted')
    const found = refuted.find(({ id }) => isOrBelow(id, expected))
    return [
      ...(expected === '' && refuted.length > 0 ? [`${name}: breaks no rule, but ${refuted.map(({ id, text }) => `${id}: ${text}`)}`] : []),
      ...(expected !== '' && found === undefined
        ? [`${name}: ${expected} is not refuted: ${checks.find(({ id }) => isOrBelow(id, expected))?.text}`]
        : []),
      ...(seconds > MOST_SECONDS ? [`${name}: took ${seconds} s`] : []),
      ...checks.filter(({ verdict }) => verdict === 'broken').map(({ id, text }) => `${name}: ${id} is broken: ${text}`),
      ...checks.filter(({ text }) => text === '' || printable(text) !== text).map(({ id }) => `${name}: ${id} says nothing printable`),
    ]
  })
  expect({ wrong, leaks }).toEqual({ wrong: [], leaks: [] })
})

import { test } from 'vitest'
import { expect, scenario } from '../../harness/scenario.ts'
import { type BrokenRule, brokenRules } from '../../harness/verify/broken_rules.ts'
import { allCells, type FaultyAnswer } from '../../harness/verify/cell.ts'
import { runCells } from '../../harness/verify/run_cells.ts'

/** For each way to break the rule: cells that must catch it, and the checks of these cells that must fail. */
const caught: Record<BrokenRule, { ids: readonly string[]; checks: string[]; says: RegExp }> = {
  'always-sparse': { ids: ['host/lvm-thin/lvm-thick/mixed'], checks: ['decision', 'bytes'], says: /poison .* where zeros belong/ },
  'never-sparse': { ids: ['host/lvm-thin/lvm-thin/mixed'], checks: ['decision'], says: /the rule wants sparse/ },
  'source-claim': { ids: ['host/lvm-thin/lvm-thick/mixed'], checks: ['decision', 'bytes'], says: /poison .* where zeros belong/ },
  'truthy-claim': {
    ids: ['answer/string-false/lvm-thin/lvm-thick'],
    checks: ['decision', 'bytes'],
    says: /the rule wants full \(claim-not-boolean\)/,
  },
  'claim-alone': { ids: ['orphan/host/lvm-thin/lvm-thin'], checks: ['decision', 'bytes'], says: /the rule wants full \(has-storage\)/ },
  'skip-without-seek': {
    ids: ['host/lvm-thin/lvm-thin/mixed'],
    checks: ['bytes', 'model/bytes', 'model/destination-mapped'],
    says: /bytes are wrong.*suspected: the copy/s,
  },
  'mebi-for-gibi': {
    ids: ['host/lvm-thin/lvm-thick/mixed'],
    checks: ['bytes', 'model/bytes', 'model/bytes-read', 'model/bytes-written'],
    says: /where data belongs|where zeros belong/,
  },
  'mirror-forgets-writes': { ids: ['live/lvm-thin/lvm-thick/random'], checks: ['bytes'], says: /where data belongs/ },
  'pivot-before-ready': { ids: ['live/lvm-thin/lvm-thick/random'], checks: ['bytes'], says: /where data belongs|where zeros belong/ },
  'rest-redirect-followed': overRest('redirect'),
  'rest-status-ignored': overRest('unauthorized'),
  'rest-any-host': overRest('other-host'),
  'rest-text-searched': overRest('truncated-json'),
  'rest-truthy-claim': overRest('string-true', 'string-false'),
  'rest-default-as-claim': overRest('property-only'),
  'rest-without-limits': overRest('huge-body', 'late-true', 'slow-body'),
  'rest-failure-as-true': overRest('error', 'html-page', 'hang-up', 'silence'),
}

/** A REST client that reads a true out of one of these answers corrupts the copy. */
function overRest(...faults: FaultyAnswer<'rest'>[]) {
  const ids = faults.map((fault) => `rest/${fault}/lvm-thin/lvm-thick`)
  return { ids, checks: ['decision', 'bytes'], says: /the rule wants full.*poison .* where zeros belong/s }
}

test('each faulty answer over REST has a broken client that it catches', () => {
  const faulty = allCells.filter(({ question }) => question?.transport === 'rest' && question.faultyAnswer !== undefined)

  expect(
    Object.values(caught)
      .flatMap(({ ids }) => ids)
      .filter((id) => id.startsWith('rest/'))
      .toSorted(),
  ).toEqual(faulty.map(({ id }) => id).toSorted())
})

for (const [name, { ids, checks, says }] of Object.entries(caught) as [BrokenRule, (typeof caught)[BrokenRule]][]) {
  scenario(`a rule broken by '${name}' is refuted in ${ids.join(', ')}`, async ({ session }) => {
    const cells = allCells.filter(({ id }) => ids.includes(id))
    const options = { parts: brokenRules[name], repeat: () => '', onEvent: () => {}, signal: new AbortController().signal }

    const { results, leaks } = await runCells(cells, session.testBeds, options)

    expect(results.map(({ verdict }) => verdict)).toEqual(ids.map(() => 'refuted'))
    for (const { findings } of results) {
      const failed = findings.filter(({ ok }) => !ok)
      expect(failed.map(({ check }) => check)).toEqual(checks)
      expect(failed.map(({ text }) => text).join('\n')).toMatch(says)
    }
    expect(leaks).toEqual([])
  })
}

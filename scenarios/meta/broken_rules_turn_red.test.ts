import { expect, scenario } from '../../harness/scenario.ts'
import { type BrokenRule, brokenRules } from '../../harness/verify/broken_rules.ts'
import { allCells } from '../../harness/verify/cell.ts'
import { runCells } from '../../harness/verify/run_cells.ts'

/** For each way to break the rule: a cell that must catch it, and the checks of that cell that must fail. */
const caught: Record<BrokenRule, { id: string; checks: string[]; says: RegExp }> = {
  'always-sparse': { id: 'host/lvm-thin/lvm-thick/mixed', checks: ['decision', 'bytes'], says: /poison .* where zeros belong/ },
  'never-sparse': { id: 'host/lvm-thin/lvm-thin/mixed', checks: ['decision'], says: /the rule wants sparse/ },
  'source-claim': { id: 'host/lvm-thin/lvm-thick/mixed', checks: ['decision', 'bytes'], says: /poison .* where zeros belong/ },
  'truthy-claim': {
    id: 'answer/string-false/lvm-thin/lvm-thick',
    checks: ['decision', 'bytes'],
    says: /the rule wants full \(claim-not-boolean\)/,
  },
  'claim-alone': { id: 'orphan/host/lvm-thin/lvm-thin', checks: ['decision', 'bytes'], says: /the rule wants full \(has-storage\)/ },
  'skip-without-seek': {
    id: 'host/lvm-thin/lvm-thin/mixed',
    checks: ['bytes', 'model/bytes', 'model/destination-mapped'],
    says: /bytes are wrong.*suspected: the copy/s,
  },
  'mebi-for-gibi': {
    id: 'host/lvm-thin/lvm-thick/mixed',
    checks: ['bytes', 'model/bytes', 'model/bytes-read', 'model/bytes-written'],
    says: /where data belongs|where zeros belong/,
  },
  'mirror-forgets-writes': { id: 'live/lvm-thin/lvm-thick/random', checks: ['bytes'], says: /where data belongs/ },
  'pivot-before-ready': { id: 'live/lvm-thin/lvm-thick/random', checks: ['bytes'], says: /where data belongs|where zeros belong/ },
}

for (const [name, { id, checks, says }] of Object.entries(caught) as [BrokenRule, (typeof caught)[BrokenRule]][]) {
  scenario(`a rule broken by '${name}' is refuted in ${id}`, async ({ session }) => {
    const cells = allCells.filter((cell) => cell.id === id)
    const options = { parts: brokenRules[name], repeat: () => '', onEvent: () => {}, signal: new AbortController().signal }

    const { results, leaks } = await runCells(cells, session.testBeds, options)

    const failed = results.flatMap(({ findings }) => findings.filter(({ ok }) => !ok))
    expect(results.map(({ verdict }) => verdict)).toEqual(['refuted'])
    expect(failed.map(({ check }) => check)).toEqual(checks)
    expect(failed.map(({ text }) => text).join('\n')).toMatch(says)
    expect(leaks).toEqual([])
  })
}

import { setTimeout as sleep } from 'node:timers/promises'
import { decideCopyMode } from '../../migration/rule.ts'
import { SHIPPED_KEY, WELL_DEFINED_PROPERTY } from '../../protocol/capabilities.ts'
import { type Check, refuted, upheld } from './check.ts'

const ASKED_TIMES = 5
const BETWEEN_ASKS_MS = 100
const CLAIMS = [SHIPPED_KEY, WELL_DEFINED_PROPERTY] as const
const MOST_LEVELS = 100

export const reportWellFormed: Check = {
  id: 'report-well-formed',
  title: 'the capability report passes the schema, and a claim in it is a boolean at the top level',
  run: async ({ session }) => {
    const answer = await session.getCapabilities()
    const { decidedBy, reason } = decideCopyMode(answer, { history: 'new', layers: [] })
    const sound = ['claimed-true', 'claimed-false', 'nothing-claimed'].includes(decidedBy)
    if (!sound) return refuted(reason)
    const odd = answer.kind === 'answered' ? oddForm(answer.report) : undefined
    return odd === undefined ? upheld(reason) : refuted(odd)
  },
}

/** Returns a complaint about a report that the rule can read but others cannot: a claim below the top level, or endless nesting. */
function oddForm(report: unknown): string | undefined {
  if (typeof report !== 'object' || report === null) return undefined
  const claimsAtTop = CLAIMS.some((claim) => Object.hasOwn(report, claim))
  let level: { at: string; value: object }[] = [{ at: '', value: report }]
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > MOST_LEVELS) return `it is nested deeper than ${MOST_LEVELS} levels, which other JSON parsers reject`
    const hidden = depth > 1 && !claimsAtTop ? level.find(({ value }) => CLAIMS.some((claim) => Object.hasOwn(value, claim))) : undefined
    if (hidden !== undefined) return `the claim in ${JSON.stringify(hidden.at)} is below the top level, where it is not read`
    level = level.flatMap(({ at, value }) =>
      Object.entries(value).flatMap(([key, below]) =>
        typeof below === 'object' && below !== null ? { at: at === '' ? key : at, value: below } : [],
      ),
    )
  }
  return undefined
}

export const claimStable: Check = {
  id: 'claim-stable',
  title: 'the claim stays the same over time, with volumes on the storage, and after a restart of the driver',
  run: async ({ session }) => {
    const claims: string[] = []
    const ask = async (when: string) => {
      const decision = decideCopyMode(await session.getCapabilities(), { history: 'new', layers: [] })
      claims.push(`${decision.decidedBy} ${when}`)
    }
    for (let asked = 1; asked <= ASKED_TIMES; asked++) {
      await ask(`when asked, time ${asked}`)
      await sleep(BETWEEN_ASKS_MS)
    }
    await session.create()
    await ask('with a volume on the storage')
    await session.restart()
    await ask('after a restart')
    const [first = ''] = claims
    const other = claims.find((claim) => claim.split(' ')[0] !== first.split(' ')[0])
    return other === undefined ? upheld(`${first.split(' ')[0]}, ${claims.length} times`) : refuted(`${first}, but ${other}`)
  },
}

import type { CheckResult } from '../../result/certificate.ts'
import type { Comparison } from '../../result/compare.ts'
import { describeFound } from '../../result/describe.ts'
import type { Verdict } from '../../result/finding.ts'
import type { Result } from '../../result/result.ts'
import { type RunOutcome, runOutcomeOf } from '../../result/run_outcome.ts'
import { plural } from '../../units.ts'
import { bytesSeen } from '../select/bytes_seen.ts'
import { failuresOf, reportableChecks } from '../select/failures.ts'
import { specTables } from '../select/lvs_table.ts'
import { mirrorTables } from '../select/mirror_tables.ts'
import { machinesText, shortened } from '../select/words.ts'
import { comparisonBlocks } from './comparison.ts'
import {
  type Block,
  code,
  heading,
  type Inline,
  listing,
  markdownWithin,
  paragraph,
  type Section,
  SIGNS,
  SUMMARY_BYTES,
  table,
} from './markdown.ts'

const MOST_FAILURES = 100
const MOST_TEXT = 500

export interface SummaryOptions {
  readonly ending?: RunOutcome
  readonly comparison?: Comparison | undefined
  readonly mostBytes?: number
}

/**
 * The run as GitHub-flavoured Markdown, for a job's page. Sections that would make it longer than `mostBytes` are left out, which
 * a note says; the verdict is always there.
 */
export function summaryOf(
  result: Result,
  { ending = runOutcomeOf(result), comparison, mostBytes = SUMMARY_BYTES }: SummaryOptions = {},
): string {
  return markdownWithin(mostBytes, sections(result, ending, comparison))
}

function sections(result: Result, ending: RunOutcome, comparison: Comparison | undefined): Section[] {
  return [
    { name: 'verdict', blocks: [...verdict(result), counts(result)] },
    { name: 'what failed', blocks: failed(result, ending) },
    { name: 'what is not shown', blocks: notShown(result) },
    { name: 'the comparison', blocks: comparison === undefined ? [] : comparisonBlocks(comparison) },
    { name: 'drivers', blocks: drivers(result) },
    { name: "the spec's table", blocks: spec(result) },
    { name: 'traps', blocks: traps(result) },
    { name: "the options of QEMU's mirror", blocks: mirrors(result) },
  ].filter(({ blocks }) => blocks.length > 0)
}

function verdict({ verdict, shard, merged, stopped, brokenRule, seconds, seed, machines, version }: Result): Block[] {
  const part = shard === undefined ? '' : `, shard ${shard.number} of ${shard.of}`
  const missing = merged?.missingShards ?? []
  return [
    heading(2, `${SIGNS[verdict]}${part}`),
    paragraph(
      `holeproof ${version}: ${seconds.toFixed(1)} s on ${machinesText(machines)}; seed ${seed}`,
      ...(merged === undefined ? [] : [`; ${plural(merged.shards, 'shard')}`]),
    ),
    ...(missing.length > 0 ? [paragraph(`Missing: shard ${missing.join(', ')} of ${merged?.shards}.`)] : []),
    ...(stopped ? [paragraph('The run was stopped early.')] : []),
    ...(brokenRule === undefined ? [] : [paragraph(`The run was broken on purpose (${brokenRule}): it must be red.`)]),
  ]
}

function counts({ cells, copies, certificates }: Result): Block {
  const kinds = ['upheld', 'refuted', 'not-shown', 'broken', 'not-offered'] as const
  const row = (name: string, some: readonly { verdict: CheckResult['verdict'] }[]) =>
    some.length === 0 ? [] : [[name, ...kinds.map((kind) => String(some.filter(({ verdict }) => verdict === kind).length))]]
  return table(
    ['', ...kinds.map((kind) => SIGNS[kind])],
    [
      ...row('cells', cells),
      ...row(
        'of these, asked over REST',
        cells.filter(({ transport }) => transport === 'rest'),
      ),
      ...row('copies', copies),
      ...row('drivers', certificates),
      ...row(
        'checks',
        certificates.flatMap(({ checks }) => checks),
      ),
    ],
  )
}

function failed(result: Result, ending: RunOutcome): Block[] {
  const failures = failuresOf(result, ending)
  if (failures.length === 0) return []
  const rows = failures
    .slice(0, MOST_FAILURES)
    .map(({ id, verdict, why, repeat }): (string | Inline)[] => [
      code(id),
      SIGNS[verdict],
      code(shortened(why.join('; '), MOST_TEXT)),
      code(repeat),
    ])
  const more = failures.length - rows.length
  return [
    heading(3, 'What failed'),
    table(['', '', 'seen', 'repeat'], rows),
    ...(more > 0 ? [paragraph(`and ${more} more: see the report`)] : []),
  ]
}

/** The items that did not run, by the reason. */
function notShown({ cells, copies, certificates }: Result): Block[] {
  const left = [
    ...[...cells, ...copies].map(({ id, verdict, reason = '' }) => ({ id, verdict, reason })),
    ...certificates.flatMap((certificate) =>
      reportableChecks(certificate).map(({ id, verdict, text }) => ({ id: `${certificate.driver} ${id}`, verdict, reason: text })),
    ),
  ].filter(({ verdict }) => verdict === 'not-shown')
  if (left.length === 0) return []
  const reasons = [...new Set(left.map(({ reason }) => reason))].map((reason): (string | Inline)[] => {
    const ids = left.filter((some) => some.reason === reason).map(({ id }) => id)
    return [code(shortened(reason, MOST_TEXT)), String(ids.length), code(shortened(ids.join(', '), MOST_TEXT))]
  })
  return [heading(3, 'What is not shown'), table(['because', '', ''], reasons)]
}

function drivers({ certificates }: Result): Block[] {
  if (certificates.length === 0) return []
  const count = (checks: readonly CheckResult[], verdict: Verdict) => checks.filter((check) => check.verdict === verdict).length
  return [
    heading(3, 'Drivers'),
    table(
      ['', '', 'claims', 'checks upheld', 'refuted', 'smallest counterexample'],
      certificates.map(({ driver, verdict, claim, checks, counterexamples: [smallest] }) => [
        code(driver),
        SIGNS[verdict],
        String(claim),
        String(count(checks, 'upheld')),
        String(count(checks, 'refuted')),
        smallest === undefined
          ? ''
          : code(
              shortened(
                `${smallest.what}: ${smallest.wrongBytes} of ${smallest.actualBytes} bytes are wrong, the first at byte ${smallest.first.offset}: ${describeFound(smallest.first.found)}`,
                MOST_TEXT,
              ),
            ),
      ]),
    ),
  ]
}

function spec(result: Result): Block[] {
  const tables = specTables(result)
  return tables.length === 0 ? [] : [heading(3, "The spec's table, at its real sizes"), listing(tables.map(({ text }) => text).join('\n'))]
}

function traps({ copies }: Result): Block[] {
  const rows = copies
    .filter(({ id }) => id.startsWith('trap/'))
    .map((trap) => {
      const { word = '', bytes = '' } = bytesSeen(trap) ?? {}
      return [code(trap.id.replace('trap/', '')), SIGNS[trap.verdict], word, String(bytes), trap.seconds.toFixed(1)]
    })
  if (rows.length === 0) return []
  return [heading(3, 'Traps: what real storage does to a copy'), table(['', '', 'bytes', 'count', 's'], rows)]
}

function mirrors(result: Result): Block[] {
  return mirrorTables(result).flatMap(({ title, destinations, rows }) => [
    heading(3, `The mirror of ${title}`),
    table(
      ['', ...destinations],
      rows.map(({ options, cells }) => [code(options), ...cells.map(({ text }) => text)]),
    ),
  ])
}

import { type Change, type ChangeKind, type Comparison, changeKinds, type Slower } from '../../result/compare.ts'
import { noun } from '../../units.ts'
import { shortened } from './words.ts'

/** A part of a comparison that every report of it shows. */
export type ComparisonSection =
  | {
      readonly kind: 'changes'
      readonly title: string
      readonly count: number
      /** The first of them. */
      readonly changes: readonly Change[]
      /** The ids of the others. */
      readonly more: readonly string[]
      /** True if a reader needs the details and the command that repeats it. */
      readonly inFull: boolean
    }
  | {
      readonly kind: 'list'
      readonly title: string
      readonly columns: readonly string[]
      /** A name first, then what is said of it. */
      readonly rows: readonly (readonly [string, ...string[]])[]
    }

const TITLES: Readonly<Record<ChangeKind, string>> = {
  'new-failure': 'New failures',
  'no-longer-shown': 'No longer shown',
  'still-failing': 'Still failing',
  'failure-not-shown': 'Failed and now not shown',
  fixed: 'Fixed',
  'now-shown': 'Upheld and not shown before',
  new: 'New',
  gone: 'Gone',
}
const IN_FULL: readonly ChangeKind[] = ['new-failure', 'no-longer-shown', 'still-failing', 'failure-not-shown']
/** The changes of each kind that are shown one by one. */
const MOST_SHOWN = 20
const MOST_TEXT = 300

/** The changes between two runs, failures first. Empty sections are left out. */
export function comparisonSections({ changes, newLeaks, versions, timing }: Comparison): ComparisonSection[] {
  const slower = timing.kind === 'compared' ? timing.slower : []
  return [
    ...changeKinds.map((kind): ComparisonSection => {
      const some = changes[kind].map((change) => ({ ...change, text: shortened(change.text, MOST_TEXT) }))
      return {
        kind: 'changes',
        title: TITLES[kind],
        count: some.length,
        changes: some.slice(0, MOST_SHOWN),
        more: some.slice(MOST_SHOWN).map(({ id }) => id),
        inFull: IN_FULL.includes(kind),
      }
    }),
    listSection(
      'Newly left behind',
      ['what'],
      newLeaks.map((leak) => [leak]),
    ),
    listSection(
      'Other versions',
      ['', 'before', 'now'],
      versions.map(({ program, before = 'not there', after = 'not there' }) => [program, before, after]),
    ),
    listSection(
      'Slower',
      ['', 'seconds'],
      slower.map((some) => [some.id, secondsText(some)]),
    ),
  ].filter((section) => (section.kind === 'changes' ? section.count : section.rows.length) > 0)
}

function listSection(title: string, columns: readonly string[], rows: readonly (readonly [string, ...string[]])[]): ComparisonSection {
  return { kind: 'list', title, columns, rows }
}

/** "upheld > refuted: 1 new failure, 3 unchanged" */
export function comparisonCounts({ changes, unchanged, newLeaks, before, after }: Comparison): string {
  const changed = changeKinds.flatMap((kind) => {
    const { length } = changes[kind]
    const title = kind === 'new-failure' ? noun(length, 'new failure') : TITLES[kind]
    return length === 0 ? [] : [`${length} ${title.charAt(0).toLowerCase()}${title.slice(1)}`]
  })
  const leaks = newLeaks.length > 0 ? [`${newLeaks.length} newly left behind`] : []
  return `${before.verdict} > ${after.verdict}: ${[...changed, ...leaks, `${unchanged} unchanged`].join(', ')}`
}

/** The times of both runs, and which of them count as slower or why none does. */
export function timingTexts({ timing, before, after }: Comparison): string[] {
  const lines = [`${before.seconds.toFixed(1)} s > ${after.seconds.toFixed(1)} s; seeds ${before.seed} and ${after.seed}`]
  if (timing.kind === 'not-compared') return [...lines, `times are not compared: ${timing.why}`]
  const { overall, limit, floorSeconds, slower } = timing
  const same =
    overall === undefined ? 'too little is in both to tell which machine is faster' : `the same takes ${overall.toFixed(2)} times as long`
  const than = overall === undefined ? 'as long' : 'that'
  return [...lines, `${same}; slower is what takes ${limit.toFixed(1)} times ${than}, and ${floorSeconds} s more: ${slower.length}`]
}

function secondsText({ beforeSeconds, afterSeconds }: Slower): string {
  return `${beforeSeconds.toFixed(1)} s > ${afterSeconds.toFixed(1)} s`
}

import type { CinderCheck, Cinders } from '../../result/cinders.ts'
import { type CindersReport, cindersSummary, sharedSights, shortName } from '../select/cinders.ts'
import { MARKS, shortened } from '../select/words.ts'
import { type Block, code, heading, type Inline, markdownWithin, paragraph, type Section, SIGNS, SUMMARY_BYTES, table } from './markdown.ts'

const MOST_TEXT = 500

/** A run on several Cinders as GitHub-flavoured Markdown, for a job's page. Sections that would make it too long are left out. */
export function cindersMarkdown({ cinders }: CindersReport, mostBytes = SUMMARY_BYTES): string {
  const { version, seconds, seed, verdict, drivers } = cinders
  const sections: Section[] = [
    {
      name: 'verdict',
      blocks: [
        heading(2, SIGNS[verdict]),
        paragraph(`holeproof ${version}: ${cindersSummary(cinders)}; ${seconds.toFixed(1)} s; seed ${seed}`),
        ...drivers.flatMap(({ driver, checks }) => [heading(3, driver), checksByCinder(checks, cinders)]),
        paragraph(
          Object.entries(MARKS)
            .map(([verdict, mark]) => `${mark} ${verdict}`)
            .join(', '),
        ),
      ],
    },
    { name: 'what was seen', blocks: drivers.flatMap(({ driver, checks }) => seenOf(driver, checks)) },
  ]
  return markdownWithin(
    mostBytes,
    sections.filter(({ blocks }) => blocks.length > 0),
  )
}

function checksByCinder(checks: readonly CinderCheck[], { cinders }: Cinders): Block {
  return table(
    ['check', ...cinders.map(({ cinder }) => shortName(cinder)), ''],
    checks.map(({ id, seen, differs }): (string | Inline)[] => [
      code(id),
      ...cinders.map(({ cinder }) => {
        const verdict = seen.find((some) => some.cinder === cinder)?.verdict
        return verdict === undefined ? '' : MARKS[verdict]
      }),
      differs ? 'they differ' : '',
    ]),
  )
}

function seenOf(driver: string, checks: readonly CinderCheck[]): Block[] {
  const rows = checks
    .filter(({ seen, differs }) => differs || seen.some(({ verdict }) => verdict === 'refuted' || verdict === 'broken'))
    .flatMap((check) =>
      sharedSights(check).map(({ cinders, sight: { verdict, text, repeat } }): (string | Inline)[] => [
        code(check.id),
        cinders.join(', '),
        verdict,
        code(shortened(text, MOST_TEXT)),
        code(repeat),
      ]),
    )
  return rows.length === 0 ? [] : [heading(3, `${driver}: what was seen`), table(['check', 'on', '', 'seen', 'repeat'], rows)]
}

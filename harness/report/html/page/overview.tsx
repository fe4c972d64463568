import { useState } from 'preact/hooks'
import type { CellResult } from '../../../result/cell.ts'
import type { Certificate } from '../../../result/certificate.ts'
import type { Result } from '../../../result/result.ts'
import { noun, plural } from '../../../units.ts'
import { bytesSeen } from '../../select/bytes_seen.ts'
import { specTables } from '../../select/lvs_table.ts'
import { mapOfCell, mapOfCopy } from '../../select/map_rows.ts'
import { mirrorTables } from '../../select/mirror_tables.ts'
import { type Section as CellSection, SECTIONS } from '../../select/sections.ts'
import { NOTES } from '../../select/words.ts'
import { type Entry, type Filter, findingsOf, hashOf, NO_FILTER, passes } from '../pages.ts'
import { Legend, Thumbnail } from './block_map_view.tsx'
import { EntryLink, Mark, Section, Wide } from './parts.tsx'

const FIRST_FINDINGS = 12
/** A browser takes seconds to draw thousands of rows. The filter finds the wanted ones. */
const FIRST_ROWS = 40

type Of<Kind extends Entry['kind']> = Extract<Entry, { kind: Kind }>

/** The whole result on one page: the findings first, then every cell in its grid. */
export function Overview({
  result,
  entries,
  filter,
  onFilter,
}: {
  result: Result
  entries: readonly Entry[]
  filter: Filter
  onFilter: (filter: Filter) => void
}) {
  const shown = entries.filter((entry) => passes(entry, filter))
  const cells = shown.filter((entry) => entry.kind === 'cell')
  const copies = shown.filter((entry) => entry.kind === 'copy')
  const certificates = shown.filter((entry) => entry.kind === 'driver')
  const left = cells.filter(({ cell }) => !SECTIONS.some(({ holds }) => holds(cell)))
  return (
    <>
      <FilterBar entries={entries} filter={filter} onFilter={onFilter} shown={shown.length} />
      {shown.length === 0 && <p>Nothing passes the filter.</p>}
      <Findings entries={findingsOf(shown)} />
      <div class="grids">
        {SECTIONS.map((section) => (
          <CellGrid key={section.title} section={section} entries={cells.filter(({ cell }) => section.holds(cell))} />
        ))}
        <CellGrid section={{ title: 'Other cells', holds: () => true, variant: ({ layout }) => layout }} entries={left} />
      </div>
      <SpecTables cells={cells.map(({ cell }) => cell)} />
      <Traps entries={copies.filter(({ id }) => id.startsWith('trap/'))} />
      <MirrorTables entries={copies.filter(({ id }) => id.startsWith('mirror/'))} />
      <RandomCopies entries={copies.filter(({ id }) => !/^(trap|mirror)\//.test(id))} />
      <Certificates certificates={certificates.map(({ certificate }) => certificate)} />
      <WorthKnowing cells={cells} />
      {result.leaks.length > 0 && (
        <Section title="Left behind">
          <ul>
            {result.leaks.map((leak) => (
              <li key={leak}>{leak}</li>
            ))}
          </ul>
        </Section>
      )}
    </>
  )
}

const VERDICT_CHOICES: readonly (readonly [Filter['verdict'], string])[] = [
  ['', 'any verdict'],
  ['upheld', '✓ upheld'],
  ['refuted', '✗ refuted'],
  ['not-shown', '? not shown'],
  ['broken', '! broken lab'],
  ['corrupt', 'corrupt'],
  ['noted', 'with a note'],
]

function FilterBar({
  entries,
  filter,
  onFilter,
  shown,
}: {
  entries: readonly Entry[]
  filter: Filter
  onFilter: (filter: Filter) => void
  shown: number
}) {
  const drivers = [...new Set(entries.flatMap((entry) => entry.drivers))].sort()
  const methods = [...new Set(entries.map(({ method }) => method))]
  const choose = (change: Partial<Filter>) => onFilter({ ...filter, ...change })
  return (
    <search class="filter">
      <label>
        <span class="aloud">Text</span>
        <input
          id="filter-text"
          type="search"
          placeholder="filter by text ( / )"
          value={filter.text}
          onInput={(event) => choose({ text: event.currentTarget.value })}
        />
      </label>
      <Choice
        label="Driver"
        value={filter.driver}
        onChoose={(driver) => choose({ driver })}
        choices={[['', 'any driver'], ...drivers.map(same)]}
      />
      <Choice
        label="Method"
        value={filter.method}
        onChoose={(method) => choose({ method })}
        choices={[['', 'any method'], ...methods.map(same)]}
      />
      <Choice
        label="Verdict"
        value={filter.verdict}
        onChoose={(verdict) => choose({ verdict: verdict as Filter['verdict'] })}
        choices={VERDICT_CHOICES}
      />
      <output>
        {shown} of {entries.length}
      </output>
      {Object.values(filter).some((value) => value !== '') && (
        <button type="button" onClick={() => onFilter(NO_FILTER)}>
          clear
        </button>
      )}
    </search>
  )
}

function same(text: string): readonly [string, string] {
  return [text, text]
}

function Choice({
  label,
  value,
  choices,
  onChoose,
}: {
  label: string
  value: string
  choices: readonly (readonly [string, string])[]
  onChoose: (value: string) => void
}) {
  return (
    <label>
      <span class="aloud">{label}</span>
      <select value={value} onChange={(event) => onChoose(event.currentTarget.value)}>
        {choices.map(([choice, text]) => (
          <option key={choice} value={choice}>
            {text}
          </option>
        ))}
      </select>
    </label>
  )
}

function Findings({ entries }: { entries: readonly Entry[] }) {
  const [all, setAll] = useState(false)
  if (entries.length === 0) return null
  const shown = all ? entries : entries.slice(0, FIRST_FINDINGS)
  return (
    <Section title="What to look at" id="findings">
      <p>
        {inWords(entries)}{' '}
        <span class="by-keys">
          <kbd>n</kbd> opens the next, <kbd>p</kbd> the one before.
        </span>
      </p>
      {shown.some(({ kind }) => kind !== 'driver') && <Legend kinds={['data', 'zero', 'unmapped', 'stale', 'noise']} />}
      <ul class="cards">
        {shown.map((entry) => (
          <li key={hashOf(entry)} class={`card edge-${entry.verdict}`}>
            <a href={hashOf(entry)}>
              <span class="card-title">
                <Mark verdict={entry.verdict} /> {entry.id}
              </span>
              <Picture entry={entry} />
              <span class="quiet">{shortText(entry)}</span>
            </a>
          </li>
        ))}
      </ul>
      {entries.length > shown.length && (
        <button type="button" onClick={() => setAll(true)}>
          show all {entries.length}
        </button>
      )}
    </Section>
  )
}

function inWords(entries: readonly Entry[]): string {
  const count = (...verdicts: Entry['verdict'][]) => entries.filter(({ verdict }) => verdicts.includes(verdict)).length
  const [failed, notShown, onPurpose] = [count('refuted', 'broken'), count('not-shown'), count('upheld')]
  const parts = [
    failed === 0 ? 'Nothing failed' : `${failed} failed`,
    ...(notShown > 0 ? [`${notShown} could not be shown`] : []),
    ...(onPurpose > 0 ? [`${onPurpose} ${noun(onPurpose, 'is', 'are')} corrupt on purpose`] : []),
  ]
  return `${parts.join('; ')}.`
}

function Picture({ entry }: { entry: Entry }) {
  if (entry.kind === 'driver') return null
  return <Thumbnail map={entry.kind === 'cell' ? mapOfCell(entry.cell) : mapOfCopy(entry.copyCase)} />
}

function shortText(entry: Entry): string {
  if (entry.kind === 'driver') {
    const refuted = entry.certificate.checks.find(({ verdict }) => verdict === entry.verdict)
    return entry.certificate.reason ?? (refuted === undefined ? '' : `${refuted.id}: ${refuted.text}`)
  }
  const { findings, reason } = entry.kind === 'cell' ? entry.cell : entry.copyCase
  const failed = findings.filter(({ ok }) => !ok)
  const shown =
    failed.find(({ check }) => check === 'bytes') ??
    failed[0] ??
    findings.find(({ check }) => check === 'control-corrupts' || check === 'trap')
  return shown?.text ?? reason ?? ''
}

/** A grid of sources and destinations where these identify a cell, else of variants and pairs. */
function CellGrid({ section, entries }: { section: CellSection; entries: readonly Of<'cell'>[] }) {
  const [all, setAll] = useState(false)
  if (entries.length === 0) return null
  const isPairs = section.variant === undefined && !entries.some(({ cell }) => cell.control || cell.layout === 'spec-table')
  const rowOf = ({ cell }: Of<'cell'>) =>
    isPairs
      ? cell.source
      : (section.variant?.(cell) ?? (cell.control ? `${cell.method}, ${cell.forced ?? 'asked'}` : (cell.forced ?? 'by the rule')))
  const columnOf = ({ cell }: Of<'cell'>) => (isPairs ? cell.destination : `${cell.source} → ${cell.destination}`)
  const rows = [...grouped(entries, rowOf)]
  const columns = [...new Set(entries.map(columnOf))]
  return (
    <Section title={section.title}>
      <Wide label={section.title}>
        <table class={isPairs ? 'grid' : 'grid small'}>
          <thead>
            <tr>
              <th scope="col">{isPairs ? 'from ↓ to →' : 'what ↓ from → to'}</th>
              {columns.map((column) => (
                <th scope="col" key={column}>
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {(all ? rows : rows.slice(0, FIRST_ROWS)).map(([row, ofRow]) => {
              const byColumn = grouped(ofRow, columnOf)
              return (
                <tr key={row}>
                  <th scope="row">{row}</th>
                  {columns.map((column) => (
                    <td key={column}>
                      {byColumn.get(column)?.map((entry) => (
                        <Tile key={entry.id} entry={entry} />
                      ))}
                    </td>
                  ))}
                </tr>
              )
            })}
          </tbody>
        </table>
      </Wide>
      {!all && rows.length > FIRST_ROWS && (
        <button type="button" onClick={() => setAll(true)}>
          show all {rows.length} rows
        </button>
      )}
    </Section>
  )
}

function Tile({ entry }: { entry: Of<'cell'> }) {
  const { cell, verdict, corrupt } = entry
  const { evidence } = cell
  const mode = evidence?.decision?.mode ?? cell.forced ?? ''
  const percent = (text: string | undefined) => (text === undefined ? '?' : text === '' ? 'thick' : text)
  const bytes = evidence?.verification === undefined ? '' : corrupt ? 'corrupt' : 'intact'
  return (
    <a class={`tile edge-${verdict}${corrupt ? ' corrupt' : ''}`} href={hashOf(entry)} title={`${cell.id}, ${cell.seconds.toFixed(1)} s`}>
      <Mark verdict={verdict} /> {mode} {bytes}
      {evidence !== undefined && (
        <span class="percent">
          {percent(evidence.before.dataPercent)} → {percent(evidence.after?.dataPercent)}
        </span>
      )}
    </a>
  )
}

function SpecTables({ cells }: { cells: readonly CellResult[] }) {
  const tables = specTables({ cells: [...cells] })
  if (tables.length === 0) return null
  return (
    <div class="side-by-side">
      {tables.map(({ id, text }) => (
        <Wide key={id} label={`The spec's table: ${id}`}>
          <pre>{text}</pre>
        </Wide>
      ))}
    </div>
  )
}

function Traps({ entries }: { entries: readonly Of<'copy'>[] }) {
  if (entries.length === 0) return null
  return (
    <Section title="Traps: what real storage does to a copy">
      <Wide label="Traps">
        <table>
          <thead>
            <tr>
              <th scope="col">trap</th>
              <th scope="col">the rule</th>
              <th scope="col">bytes</th>
              <th scope="col" class="figure">
                count
              </th>
              <th scope="col" class="figure" title="stale bytes may happen to be what belongs there">
                predicted, at most
              </th>
            </tr>
          </thead>
          <tbody>
            {entries.map((entry) => {
              const { permitted, predictedWrongBytes } = entry.copyCase
              const seen = bytesSeen(entry.copyCase)
              return (
                <tr key={entry.id}>
                  <th scope="row">
                    <Mark verdict={entry.verdict} /> <EntryLink entry={entry}>{entry.id.replace(/^trap\//, '')}</EntryLink>
                  </th>
                  <td>{permitted ? 'permits it' : 'forbids it'}</td>
                  <td>
                    <span class={entry.corrupt ? 'tag corrupt' : 'tag'}>{seen?.word ?? '?'}</span>
                  </td>
                  <td class="figure">{seen?.bytes ?? '?'}</td>
                  <td class="figure">{predictedWrongBytes}</td>
                </tr>
              )
            })}
          </tbody>
        </table>
      </Wide>
    </Section>
  )
}

/** What the options of QEMU's mirror do: each cell leads to its copy. */
function MirrorTables({ entries }: { entries: readonly Of<'copy'>[] }) {
  const tables = mirrorTables({ copies: entries.map(({ copyCase }) => copyCase) })
  if (tables.length === 0) return null
  return (
    <Section title="The options of QEMU's mirror: how much of the destination has storage">
      {tables.map(({ title, destinations, rows }) => (
        <Wide key={title} label={title}>
          <table>
            <caption>{title}</caption>
            <thead>
              <tr>
                <th scope="col">options</th>
                {destinations.map((name) => (
                  <th key={name} scope="col" class="figure">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map(({ options, cells }) => (
                <tr key={options}>
                  <th scope="row">{options}</th>
                  {cells.map(({ text, copy }, index) => {
                    const entry = entries.find(({ id }) => id === copy?.id)
                    return (
                      <td key={destinations[index]} class="figure">
                        {entry === undefined ? text : <EntryLink entry={entry}>{text}</EntryLink>}
                      </td>
                    )
                  })}
                </tr>
              ))}
            </tbody>
          </table>
        </Wide>
      ))}
    </Section>
  )
}

function RandomCopies({ entries }: { entries: readonly Of<'copy'>[] }) {
  if (entries.length === 0) return null
  const permitted = entries.filter(({ copyCase }) => copyCase.permitted)
  const corrupt = permitted.filter((entry) => entry.corrupt).length
  return (
    <Section title="Random copies, held against the model">
      <p>
        {plural(entries.length, 'copy', 'copies')}. The rule permits {permitted.length}; of those, {corrupt} {noun(corrupt, 'is', 'are')}{' '}
        corrupt.
      </p>
      <ul class="dots">
        {entries.map((entry) => (
          <li key={entry.id}>
            <a
              class={`tile edge-${entry.verdict}${entry.corrupt ? ' corrupt' : ''}`}
              href={hashOf(entry)}
              title={entry.copyCase.description}
            >
              <Mark verdict={entry.verdict} />
              <span class="aloud">{entry.id}</span>
            </a>
          </li>
        ))}
      </ul>
    </Section>
  )
}

function Certificates({ certificates }: { certificates: readonly Certificate[] }) {
  if (certificates.length === 0) return null
  const ids = [...new Set(certificates.flatMap(({ checks }) => checks.map(({ id }) => id)))]
  return (
    <Section title="Certificates">
      <Wide label="Certificates">
        <table class="checks">
          <thead>
            <tr>
              <th scope="col">check</th>
              {certificates.map(({ driver, verdict, claim }) => (
                <th scope="col" key={driver}>
                  <Mark verdict={verdict} /> <EntryLink entry={{ kind: 'driver', id: driver }}>{driver}</EntryLink>
                  <br />
                  <span class="quiet">claims {String(claim)}</span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {ids.map((id) => (
              <tr key={id}>
                <th scope="row">{id}</th>
                {certificates.map(({ driver, checks }) => {
                  const check = checks.find((some) => some.id === id)
                  return (
                    <td key={driver} title={check?.text}>
                      {check !== undefined && <Mark verdict={check.verdict} />}
                    </td>
                  )
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </Wide>
    </Section>
  )
}

function WorthKnowing({ cells }: { cells: readonly Of<'cell'>[] }) {
  const noted = cells.flatMap((entry) => entry.cell.notes.map((note) => ({ entry, note })))
  const kinds = [...grouped(noted, ({ note }) => note.kind)]
  if (kinds.length === 0) return null
  return (
    <Section title="Worth knowing">
      {kinds.map(([kind, some]) => (
        <details key={kind}>
          <summary>
            {NOTES[kind]} ({plural(some.length, 'cell')})
          </summary>
          <ul>
            {some.slice(0, 50).map(({ entry, note }) => (
              <li key={entry.id}>
                <EntryLink entry={entry}>{entry.id}</EntryLink>: {note.text}
              </li>
            ))}
          </ul>
          {some.length > 50 && <p>and {some.length - 50} more; filter by "with a note".</p>}
        </details>
      ))}
    </Section>
  )
}

function grouped<Item, Key>(items: readonly Item[], keyOf: (item: Item) => Key): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>()
  for (const item of items) {
    const key = keyOf(item)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [item])
    else group.push(item)
  }
  return groups
}

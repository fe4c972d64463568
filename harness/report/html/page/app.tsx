import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { Result } from '../../../result/result.ts'
import { MiB, noun, plural } from '../../../units.ts'
import { MARKS, machinesText } from '../../select/words.ts'
import { decoded, type Entry, entriesOf, entryAt, type Filter, findingsOf, hashOf, NO_FILTER, passes } from '../pages.ts'
import { Patterns } from './block_map_view.tsx'
import { CellPage } from './cell_page.tsx'
import { CopyPage } from './copy_page.tsx'
import { DriverPage } from './driver_page.tsx'
import { Overview } from './overview.tsx'
import { useTheme } from './theme.ts'

const OVERVIEW = '#overview'

/** The whole page: the verdict, and below it the overview or what the address means. */
export function App({ result }: { result: Result }) {
  const entries = useMemo(() => entriesOf(result), [result])
  const [filter, setFilter] = useState<Filter>(NO_FILTER)
  const findings = useMemo(() => findingsOf(entries.filter((entry) => passes(entry, filter))), [entries, filter])
  const hash = useHash()
  const entry = entryAt(hash, entries)
  const keys = useRef<HTMLDialogElement>(null)
  const { theme, switchTheme } = useTheme()
  useScroll(entry)

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return
      const { target } = event
      if (target instanceof HTMLInputElement || target instanceof HTMLSelectElement) {
        if (event.key === 'Escape') target.blur()
        return
      }
      const step = (by: number) => {
        // The address is ahead of what is drawn where keys come fast.
        const next = neighbour(findings, entryAt(location.hash, entries), by)
        if (next !== undefined) location.hash = hashOf(next)
      }
      const search = () => {
        location.hash = OVERVIEW
        // The overview, and the field in it, comes with the change of the address.
        setTimeout(() => document.getElementById('filter-text')?.focus(), 0)
      }
      const does: Record<string, () => void> = {
        n: () => step(1),
        j: () => step(1),
        p: () => step(-1),
        k: () => step(-1),
        '/': search,
        t: switchTheme,
        '?': () => keys.current?.showModal(),
        Escape: () => {
          if (keys.current?.open !== true) location.hash = OVERVIEW
        },
      }
      const act = does[event.key]
      if (act === undefined) return
      if (event.key !== 'Escape') event.preventDefault()
      act()
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [findings, entries, switchTheme])

  const place = entry === undefined ? -1 : findings.indexOf(entry)
  return (
    <>
      <Patterns />
      <Banner result={result} isSmall={entry !== undefined}>
        <button type="button" onClick={switchTheme} aria-label={`colours: ${theme}; switch`}>
          {{ system: '◐', light: '☀', dark: '☾' }[theme]}
        </button>
        <button type="button" onClick={() => keys.current?.showModal()} aria-label="keys">
          ?
        </button>
      </Banner>
      <main>
        {entry !== undefined && (
          <nav aria-label="findings">
            <a href={OVERVIEW}>← overview</a>
            <span class="steps">
              <Step entry={neighbour(findings, entry, -1)} text="‹ previous finding" />
              {place >= 0 && (
                <span class="quiet">
                  {place + 1} of {findings.length}
                </span>
              )}
              <Step entry={neighbour(findings, entry, 1)} text="next finding ›" />
            </span>
          </nav>
        )}
        {entry === undefined && hash !== '' && hash !== OVERVIEW && <p class="is-broken">This result holds no {decoded(hash.slice(1))}.</p>}
        {entry === undefined && <Overview result={result} entries={entries} filter={filter} onFilter={setFilter} />}
        {entry?.kind === 'cell' && <CellPage key={entry.id} cell={entry.cell} />}
        {entry?.kind === 'copy' && <CopyPage key={entry.id} copyCase={entry.copyCase} />}
        {entry?.kind === 'driver' && <DriverPage key={entry.id} certificate={entry.certificate} />}
      </main>
      <Keys dialog={keys} />
    </>
  )
}

function Step({ entry, text }: { entry: Entry | undefined; text: string }) {
  return entry === undefined ? null : (
    <a href={hashOf(entry)} title={entry.id}>
      {text}
    </a>
  )
}

/** The finding after or before the one that is shown; from the overview, the first or the last. */
function neighbour(findings: readonly Entry[], entry: Entry | undefined, by: number): Entry | undefined {
  const place = entry === undefined ? -1 : findings.indexOf(entry)
  return place < 0 ? findings.at(by > 0 ? 0 : -1) : findings[place + by]
}

function useHash(): string {
  const [hash, setHash] = useState(location.hash)
  useEffect(() => {
    const onChange = () => setHash(location.hash)
    addEventListener('hashchange', onChange)
    return () => removeEventListener('hashchange', onChange)
  }, [])
  return hash
}

/** An entry's page begins at its top; the overview comes back where it was left. */
function useScroll(entry: Entry | undefined): void {
  const left = useRef(0)
  const isOverview = entry === undefined
  useEffect(() => {
    if (!isOverview) return
    const onScroll = () => {
      left.current = scrollY
    }
    addEventListener('scroll', onScroll, { passive: true })
    return () => removeEventListener('scroll', onScroll)
  }, [isOverview])
  useLayoutEffect(() => {
    document.title = entry === undefined ? 'holeproof' : `${entry.id} - holeproof`
    scrollTo(0, entry === undefined ? left.current : 0)
  }, [entry])
}

const SENTENCES: Readonly<Record<Result['verdict'], string>> = {
  upheld: 'Everything that must hold holds, and every byte that was checked is right.',
  refuted: 'Something that must hold does not.',
  'not-shown': 'Not everything could be shown, so nothing is certified.',
  broken: 'The lab itself broke, so the run shows nothing about the rule.',
}

function Banner({ result, isSmall, children }: { result: Result; isSmall: boolean; children: preact.ComponentChildren }) {
  const { verdict, counts, cells, copies, certificates, machines, seconds, seed, startedAt, version, leaks } = result
  const controls = cells.filter(({ control }) => control)
  const worked = controls.filter((cell) => cell.verdict === 'upheld').length
  const checked = cells.reduce((sum, { evidence }) => sum + (evidence?.verification?.checkedBytes ?? 0), 0)
  const Title = isSmall ? 'p' : 'h1'
  return (
    <header class={`banner on-${verdict}${isSmall ? ' is-small' : ''}`}>
      <div class="tools">{children}</div>
      <Title class="banner-verdict">
        <span aria-hidden="true">{MARKS[verdict]}</span> {verdict.replace('-', ' ')}
      </Title>
      {!isSmall && <p class="sentence">{SENTENCES[verdict]}</p>}
      {!isSmall && (
        <ul class="facts">
          {cells.length > 0 && <Fact value={cells.length} name={noun(cells.length, 'cell')} />}
          {copies.length > 0 && <Fact value={copies.length} name={noun(copies.length, 'predicted copy', 'predicted copies')} />}
          {certificates.length > 0 && <Fact value={certificates.length} name={noun(certificates.length, 'driver')} />}
          <Fact value={counts.upheld} name="upheld" />
          <Fact value={counts.refuted} name="refuted" />
          <Fact value={counts['not-shown']} name="not shown" />
          <Fact value={counts.broken} name="broken" />
          {controls.length > 0 && <Fact value={`${worked}/${controls.length}`} name="controls worked" />}
          {checked > 0 && <Fact value={Math.round(checked / MiB)} name="MiB checked" />}
          <Fact value={leaks.length} name={noun(leaks.length, 'leak')} />
        </ul>
      )}
      {caveatsOf(result).map((text) => (
        <p key={text}>{text}</p>
      ))}
      {!isSmall && (
        <p class="where">
          holeproof {version}, {startedAt.slice(0, 16).replace('T', ' ')} UTC, {seconds.toFixed(1)} s on {machinesText(machines, '×')}, seed{' '}
          {seed}
        </p>
      )}
    </header>
  )
}

/** Facts without which a reader would misjudge the verdict. */
function caveatsOf({ brokenRule, stopped, shard, merged }: Result): string[] {
  return [
    ...(brokenRule === undefined ? [] : [`The run was broken on purpose (${brokenRule}): it must be red.`]),
    ...(stopped ? ['The run was stopped before its end.'] : []),
    ...(shard === undefined ? [] : [`This is shard ${shard.number} of ${shard.of}.`]),
    ...(merged === undefined || merged.missingShards.length === 0
      ? []
      : [`Of ${plural(merged.shards, 'shard')}, these are missing: ${merged.missingShards.join(', ')}.`]),
  ]
}

function Fact({ value, name }: { value: number | string; name: string }) {
  return (
    <li>
      <strong>{value}</strong> {name}
    </li>
  )
}

const KEYS: readonly (readonly [string, string])[] = [
  ['n or j', 'next finding'],
  ['p or k', 'previous finding'],
  ['Escape', 'back to the overview'],
  ['/', 'filter by text'],
  ['t', 'system, light or dark colours'],
  ['+ and -', 'closer to the block map, and back'],
  ['h and l', 'the block map back and onwards'],
  ['b', 'the first wrong 4 KiB'],
  ['0', 'the whole volume'],
  ['?', 'these keys'],
]

function Keys({ dialog }: { dialog: preact.RefObject<HTMLDialogElement | null> }) {
  return (
    <dialog ref={dialog} aria-labelledby="keys-title">
      <h2 id="keys-title">Keys</h2>
      <dl class="keys">
        {KEYS.map(([key, what]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <form method="dialog">
        <button type="submit">close</button>
      </form>
    </dialog>
  )
}

import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { lvmSize, MiB } from '../../../units.ts'
import { KINDS, type Kind, kindAt, type MapRow, slicesOf, totalsOf } from '../../select/downsample.ts'
import type { BlockMap } from '../../select/map_rows.ts'
import { pathsOf } from '../svg_paths.ts'

/** The width of the mark of the first wrong byte, which must not leave the picture. */
const MARK_HALF = 5
const ROW_HEIGHT = 30
/** The bytes that the hexadecimal view shows, and the closest zoom of the picture. */
export const PAGE_BYTES = 4096
const THUMBNAIL_SLICES = 200

export const KIND_WORDS: Readonly<Record<Kind, string>> = {
  data: 'data',
  zero: 'zeros',
  stale: 'stale bytes',
  noise: 'noise',
  unmapped: 'no storage, reads as zeros',
  mapped: 'has storage',
  copied: 'copied',
  skipped: 'skipped',
}

interface Range {
  readonly from: number
  readonly to: number
}

/** The patterns that the pictures of a page are filled with: each kind has its own pattern beside its colour. */
export function Patterns() {
  return (
    <svg class="patterns" aria-hidden="true" width="0" height="0">
      <defs>
        <Pattern kind="stale" size={8} lines="M-2 10L10 -2M-2 2L2 -2M6 10L10 6" />
        <Pattern kind="noise" size={6} lines="M0 0L6 6M6 0L0 6" />
        <Pattern kind="copied" size={6} lines="M0 3H6" />
        <Pattern kind="mapped" size={6} lines="M3 0V6" />
        <Pattern kind="unmapped" size={8} lines="M3.5 4H4.5" />
        <Pattern kind="skipped" size={8} lines="M3.5 4H4.5" />
      </defs>
    </svg>
  )
}

function Pattern({ kind, size, lines }: { kind: Kind; size: number; lines: string }) {
  return (
    <pattern id={`fill-${kind}`} width={size} height={size} patternUnits="userSpaceOnUse">
      <rect width={size} height={size} class={`ground-${kind}`} />
      <path d={lines} class={`lines-${kind}`} />
    </pattern>
  )
}

export function Legend({ kinds }: { kinds: readonly Kind[] }) {
  return (
    <ul class="legend">
      {KINDS.filter((kind) => kinds.includes(kind)).map((kind) => (
        <li key={kind}>
          <svg width="26" height="14" aria-hidden="true">
            <rect x=".5" y=".5" width="25" height="13" class={`kind-${kind}`} />
          </svg>
          {KIND_WORDS[kind]}
        </li>
      ))}
    </ul>
  )
}

/** Source and destination, one above the other, from end to end. */
export function Thumbnail({ map: { source, destination, sizeBytes } }: { map: BlockMap }) {
  const rows = [source, destination].filter((row) => row !== undefined)
  if (destination === undefined) return null
  return (
    <svg
      class="thumbnail"
      viewBox={`0 0 ${THUMBNAIL_SLICES} ${rows.length * 16 - 2}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={rows.map((row) => `${row.name}: ${inWords(row, sizeBytes)}`).join('; ')}
    >
      {rows.map((row, index) => (
        <g key={row.name} transform={`translate(0 ${index * 16})`}>
          <Paths slices={slicesOf(row, 0, sizeBytes, THUMBNAIL_SLICES)} height={14} />
        </g>
      ))}
    </svg>
  )
}

function Paths({ slices, height }: { slices: ReturnType<typeof slicesOf>; height: number }) {
  const paths = pathsOf(slices, height)
  return (
    <>
      {KINDS.map((kind) => {
        const path = paths[kind]
        return path === undefined ? null : <path key={kind} d={path} class={`kind-${kind}`} />
      })}
    </>
  )
}

/** All rows of a copy, over the whole volume or a part of it; `firstWrong` is where the first wrong page begins. */
export function BlockMapView({ map, firstWrong }: { map: BlockMap; firstWrong?: number | undefined }) {
  const { rows, sizeBytes, volumeBytes } = map
  const whole = { from: 0, to: sizeBytes }
  const [range, setRange] = useState<Range>(whole)
  const [offset, setOffset] = useState<number>()
  const [drag, setDrag] = useState<Range>()
  const [place, width] = useWidth()
  const show = useCallback((wanted: Range) => setRange(within(wanted, sizeBytes)), [sizeBytes])
  const zoom = useCallback((factor: number) => setRange((now) => within(zoomed(now, factor), sizeBytes)), [sizeBytes])
  const move = useCallback((share: number) => setRange((now) => within(moved(now, share), sizeBytes)), [sizeBytes])
  const showFirst = useCallback(() => {
    if (firstWrong !== undefined) show({ from: firstWrong, to: firstWrong + PAGE_BYTES })
  }, [firstWrong, show])

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.target instanceof HTMLInputElement || event.ctrlKey || event.metaKey || event.altKey) return
      const does: Record<string, () => void> = {
        '+': () => zoom(0.5),
        '=': () => zoom(0.5),
        '-': () => zoom(2),
        '0': () => show({ from: 0, to: sizeBytes }),
        h: () => move(-0.5),
        l: () => move(0.5),
        b: showFirst,
      }
      does[event.key]?.()
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [zoom, move, show, showFirst, sizeBytes])

  const { from, to } = range
  const at = (x: number) => from + ((to - from) * Math.max(0, Math.min(x, width))) / Math.max(1, width)
  const x = (bytes: number) => ((bytes - from) / (to - from)) * width
  const kinds = KINDS.filter((kind) => rows.some((row) => (totalsOf(row, sizeBytes)[kind] ?? 0) > 0))
  const finish = () => {
    if (drag !== undefined && Math.abs(x(drag.to) - x(drag.from)) > 5)
      show({ from: Math.min(drag.from, drag.to), to: Math.max(drag.from, drag.to) })
    setDrag(undefined)
  }
  return (
    <div class="block-map">
      <Legend kinds={kinds} />
      <fieldset class="zoom">
        <legend class="aloud">Zoom</legend>
        <button type="button" onClick={() => show(whole)} disabled={from === 0 && to === sizeBytes}>
          whole volume
        </button>
        <button type="button" onClick={() => zoom(0.5)} disabled={to - from <= PAGE_BYTES} aria-label="closer">
          +
        </button>
        <button type="button" onClick={() => zoom(2)} disabled={from === 0 && to === sizeBytes} aria-label="farther">
          −
        </button>
        <button type="button" onClick={() => move(-0.5)} disabled={from === 0} aria-label="back">
          ◀
        </button>
        <button type="button" onClick={() => move(0.5)} disabled={to === sizeBytes} aria-label="onwards">
          ▶
        </button>
        {firstWrong !== undefined && (
          <button type="button" class="strong" onClick={showFirst}>
            first wrong 4 KiB
          </button>
        )}
        <output class="range">
          {lvmSize(to - from)} from byte {Math.round(from)}
        </output>
      </fieldset>
      <div class="map-rows">
        {rows.map((row) => (
          <div class="map-row" key={row.name}>
            <span class="map-row-name">{row.name}</span>
            {/* The pointer is a shortcut to what the buttons and keys do. */}
            <svg
              {...(row === rows[0] && { ref: place })}
              height={ROW_HEIGHT}
              role="img"
              aria-label={`${row.name}: ${inWords(row, sizeBytes)}`}
              onPointerDown={(event) => {
                if (event.pointerType === 'mouse') setDrag({ from: at(event.offsetX), to: at(event.offsetX) })
              }}
              onPointerMove={(event) => {
                setOffset(Math.min(Math.floor(at(event.offsetX)), sizeBytes - 1))
                if (drag !== undefined) setDrag({ ...drag, to: at(event.offsetX) })
              }}
              onPointerUp={finish}
              onPointerLeave={() => {
                setOffset(undefined)
                setDrag(undefined)
              }}
            >
              {width > 0 && <Paths slices={slicesOf(row, from, to, width)} height={ROW_HEIGHT} />}
              {drag !== undefined && (
                <rect
                  class="chosen"
                  x={Math.min(x(drag.from), x(drag.to))}
                  width={Math.abs(x(drag.to) - x(drag.from))}
                  height={ROW_HEIGHT}
                />
              )}
              {sizeBytes > volumeBytes && volumeBytes > from && volumeBytes < to && (
                <path class="end" d={`M${x(volumeBytes)} 0V${ROW_HEIGHT}`} />
              )}
              {firstWrong !== undefined && firstWrong >= from && firstWrong < to && row === map.destination && (
                <path class="first-wrong" d={`M${Math.max(MARK_HALF, x(firstWrong))} ${ROW_HEIGHT}l-${MARK_HALF} -7h${2 * MARK_HALF}z`} />
              )}
            </svg>
          </div>
        ))}
        <div class="map-row">
          <span class="map-row-name" />
          <div class="ticks" aria-hidden="true">
            {[0, 0.25, 0.5, 0.75, 1].map((share) => (
              <span key={share}>{offsetText(from + share * (to - from), to - from)}</span>
            ))}
          </div>
        </div>
      </div>
      <p class="readout" aria-hidden="true">
        {offset === undefined
          ? 'Point at a place to read it; drag over a part to see it closer.'
          : `byte ${offset}: ${rows.map((row) => `${row.name} ${KIND_WORDS[kindAt(row, offset)]}`).join('; ')}`}
      </p>
      {sizeBytes > volumeBytes && (
        <p>The volume ends at the dashed line; the destination is larger by {lvmSize(sizeBytes - volumeBytes)}.</p>
      )}
    </div>
  )
}

function useWidth() {
  const place = useRef<SVGSVGElement>(null)
  const [width, setWidth] = useState(0)
  useEffect(() => {
    const { current } = place
    if (current === null) return
    const observer = new ResizeObserver(() => setWidth(Math.floor(current.getBoundingClientRect().width)))
    observer.observe(current)
    return () => observer.disconnect()
  }, [])
  return [place, width] as const
}

function zoomed({ from, to }: Range, factor: number): Range {
  const half = ((to - from) * factor) / 2
  return { from: (from + to) / 2 - half, to: (from + to) / 2 + half }
}

function moved({ from, to }: Range, share: number): Range {
  return { from: from + share * (to - from), to: to + share * (to - from) }
}

/** A range of at least a page, inside the volume. */
function within({ from, to }: Range, sizeBytes: number): Range {
  const length = Math.min(sizeBytes, Math.max(PAGE_BYTES, Math.round(to - from)))
  const start = Math.max(0, Math.min(Math.round(from), sizeBytes - length))
  return { from: start, to: start + length }
}

/** An offset in LVM's way where the ends of a range then differ, else in bytes. */
function offsetText(bytes: number, length: number): string {
  return length < MiB ? `${Math.round(bytes)}` : lvmSize(Math.round(bytes))
}

/** "3.20m of data, 12.80m of zeros". */
function inWords(row: MapRow, sizeBytes: number): string {
  const totals = totalsOf(row, sizeBytes)
  return KINDS.flatMap((kind) => (totals[kind] === undefined ? [] : `${lvmSize(totals[kind])} ${KIND_WORDS[kind]}`)).join(', ')
}

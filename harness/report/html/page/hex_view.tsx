import type { WrongPage } from '../../../result/bytes.ts'
import { type HexPart, hexRows } from '../hex.ts'
import { bytesOf } from './base64.ts'
import { Wide } from './parts.tsx'

/** The first page with a wrong byte, as found and as it should be; wrong bytes stand out. */
export function HexView({ page: { offset, found, expected } }: { page: WrongPage }) {
  const bytes = bytesOf(found)
  const right = expected === undefined ? undefined : bytesOf(expected)
  const wrong = bytes.filter((byte, index) => byte !== (right?.[index] ?? 0)).length
  return (
    <>
      <p>
        {wrong} of {bytes.length} bytes from byte {offset} on are <mark>wrong</mark>
        {right === undefined ? '; all of them should be zero.' : '.'}
      </p>
      <div class="hex-views">
        <Hex title="found" rows={hexRows(bytes, right, offset)} />
        {right !== undefined && <Hex title="should be" rows={hexRows(right, bytes, offset)} />}
      </div>
    </>
  )
}

function Hex({ title, rows }: { title: string; rows: ReturnType<typeof hexRows> }) {
  return (
    <figure>
      <figcaption>{title}</figcaption>
      <Wide label={`The bytes ${title}`}>
        <pre class="hex">
          {rows.map(({ offset, hex, text }) => (
            <div key={offset}>
              <span class="quiet">{offset.toString(16).padStart(8, '0')}</span> <Parts parts={hex} />
              <Parts parts={text} />
            </div>
          ))}
        </pre>
      </Wide>
    </figure>
  )
}

function Parts({ parts }: { parts: readonly HexPart[] }) {
  return <span class="bytes">{parts.map(({ text, wrong }, index) => (wrong ? <mark key={index}>{text}</mark> : text))}</span>
}

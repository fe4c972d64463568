import type { CellResult } from '../../result/cell.ts'
import type { Certificate } from '../../result/certificate.ts'
import type { CopyResult } from '../../result/copy.ts'
import type { Verdict } from '../../result/finding.ts'
import type { Result } from '../../result/result.ts'
import { isCorrupt } from '../select/bytes_seen.ts'

/** An entry with a page of its own: a cell, a copy that was predicted, or a certified driver. */
export type Entry =
  | (Facts & { readonly kind: 'cell'; readonly cell: CellResult })
  | (Facts & { readonly kind: 'copy'; readonly copyCase: CopyResult })
  | (Facts & { readonly kind: 'driver'; readonly certificate: Certificate })

interface Facts {
  readonly id: string
  readonly verdict: Verdict
  /** True if wrong bytes were found, also on purpose. */
  readonly corrupt: boolean
  readonly noted: boolean
  readonly drivers: readonly string[]
  readonly method: string
  /** The text that a search looks at, in lower case. */
  readonly text: string
}

/** Every page of a result, in its order. */
export function entriesOf({ cells, copies, certificates }: Result): Entry[] {
  return [
    ...cells.map((cell): Entry => {
      const { id, verdict, source, destination, method, layout, findings, evidence, notes, reason = '' } = cell
      return {
        kind: 'cell',
        cell,
        id,
        verdict,
        method: cell.control ? 'control' : method,
        drivers: [source, destination],
        corrupt: isCorrupt(evidence?.verification),
        noted: notes.length > 0,
        text: small([id, layout, reason, ...findings.map(({ text }) => text), ...notes.map(({ text }) => text)]),
      }
    }),
    ...copies.map((copyCase): Entry => {
      const { id, verdict, findings, description, reason = '' } = copyCase
      return {
        kind: 'copy',
        copyCase,
        id,
        verdict,
        method: 'copy',
        drivers: [],
        corrupt: isCorrupt(copyCase),
        noted: false,
        text: small([id, description, reason, ...findings.map(({ text }) => text)]),
      }
    }),
    ...certificates.map((certificate): Entry => {
      const { driver, verdict, checks, wastedSpace, reason = '' } = certificate
      return {
        kind: 'driver',
        certificate,
        id: driver,
        verdict,
        method: 'certificate',
        drivers: [driver],
        corrupt: checks.some(({ wrong }) => wrong !== undefined),
        noted: wastedSpace !== undefined,
        text: small([driver, reason, ...checks.flatMap(({ id, text }) => [id, text])]),
      }
    }),
  ]
}

function small(texts: readonly string[]): string {
  return texts.join('\n').toLowerCase()
}

/** Empty is no matter. */
export interface Filter {
  readonly text: string
  readonly driver: string
  readonly method: string
  readonly verdict: '' | Verdict | 'corrupt' | 'noted'
}

export const NO_FILTER: Filter = { text: '', driver: '', method: '', verdict: '' }

/** Returns whether every word of the text is found in an entry. */
export function passes(entry: Entry, { text, driver, method, verdict }: Filter): boolean {
  if (driver !== '' && !entry.drivers.includes(driver)) return false
  if (method !== '' && entry.method !== method) return false
  if (verdict === 'corrupt' || verdict === 'noted' ? !entry[verdict] : verdict !== '' && entry.verdict !== verdict) return false
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => entry.text.includes(word))
}

/** The entries worth a look: those not upheld, and those that are corrupt, on purpose or not. */
export function isFinding({ verdict, corrupt }: Pick<Entry, 'verdict' | 'corrupt'>): boolean {
  return verdict !== 'upheld' || corrupt
}

/** Findings, what failed first; else in their order. */
export function findingsOf(entries: readonly Entry[]): Entry[] {
  const found = entries.filter(isFinding)
  return [...found.filter(({ verdict }) => verdict !== 'upheld'), ...found.filter(({ verdict }) => verdict === 'upheld')]
}

/** The hash of an entry's address: stable, and readable. */
export function hashOf({ kind, id }: Pick<Entry, 'kind' | 'id'>): string {
  return `#${kind}=${encodeURIComponent(id).replaceAll('%2F', '/').replaceAll('%3A', ':')}`
}

/** The entry that an address means; undefined for the overview, and for what the result does not hold. */
export function entryAt(hash: string, entries: readonly Entry[]): Entry | undefined {
  const [, kind, encoded = ''] = hash.match(/^#(cell|copy|driver)=(.*)$/) ?? []
  const id = decoded(encoded)
  return entries.find((entry) => entry.kind === kind && entry.id === id)
}

/** The text that an address encodes. An address that is not valid stays as it is. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

import { KiB } from '../units.ts'
import { ATOM_BYTES, atomsOf, type Destination, type DestinationKind } from './destinations.ts'
import { type SmallCopy, wrongByteOf } from './enumerate.ts'

const atoms = (count: number): string => `${(count * ATOM_BYTES) / KiB} KiB`

/** Describes a kind of destination, with or without its chunk size. */
export function describeKind({ storage, prior, encrypted, keepsFile }: DestinationKind, chunks: 'with chunks' | 'any chunks'): string {
  const chunk = storage.kind === 'thin' && chunks === 'with chunks' ? ` (chunks of ${storage.chunkBytes / KiB} KiB)` : ''
  const zeroing = storage.kind === 'thin' && !storage.zeroing ? ' in a pool without zeroing' : ''
  const cut = storage.kind !== 'file' || encrypted ? '' : keepsFile ? ' that the copy keeps' : ' that the copy cuts off'
  const noun = `${NOUNS[storage.kind]}${prior === 'external-origin' ? ' with an external origin' : ''}`
  return `${encrypted ? 'an encryption on ' : ''}${ARTICLES[prior]} ${noun}${zeroing}${cut}${chunk}`
}

const NOUNS = { thin: 'thin volume', thick: 'thick volume', file: 'file' } as const
const ARTICLES = {
  new: 'a new',
  reserved: 'a new, reserved',
  used: 'a used',
  snapshot: 'a snapshot of a used',
  'external-origin': 'a',
} as const

/** Describes a copy in one line. */
export function describeCopy({ sourceAtoms, data, blockAtoms, mode, destination }: SmallCopy): string {
  const holding = data === 0 ? ' of holes' : ` with data at ${ranges(data)}`
  const how = mode === 'sparse' ? '' : ' in full,'
  const larger = destination.atoms === sourceAtoms ? '' : ` of ${atoms(destination.atoms)}`
  const onto = `${describeKind(destination.kind, 'with chunks')}${larger}${oldOf(destination)}`
  return `${atoms(sourceAtoms)}${holding},${how} in blocks of ${atoms(blockAtoms)} onto ${onto}`
}

/** Describes the first wrong byte of a copy in one line. */
export function describeWrong(copy: SmallCopy): string {
  const wrong = wrongByteOf(copy)
  return wrong === undefined ? 'no byte of the volume is wrong' : `byte ${wrong.offset} is ${wrong.found}, not ${wrong.expected}`
}

function oldOf({ kind: { prior, encrypted }, old, originAtoms }: Destination): string {
  if (old === 0 || encrypted) return ''
  if (prior === 'external-origin') return `, its origin of ${atoms(originAtoms)} with old data at ${ranges(old)}`
  return `, old data at ${ranges(old)}`
}

/** A pattern as ranges of KiB. */
function ranges(pattern: number): string {
  const parts: { from: number; to: number }[] = []
  for (const atom of atomsOf(pattern)) {
    const last = parts.at(-1)
    if (last?.to === atom) last.to = atom + 1
    else parts.push({ from: atom, to: atom + 1 })
  }
  return parts.map(({ from, to }) => `${(from * ATOM_BYTES) / KiB}-${(to * ATOM_BYTES) / KiB}K`).join(', ')
}

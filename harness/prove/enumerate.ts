import { type RangeMap, same } from '../content/ranges.ts'
import { expectedRanges } from '../model/byte_ranges.ts'
import { copy } from '../model/copy.ts'
import { makeDestination, makeSource } from '../model/copy_case.ts'
import type { ModelVolume } from '../model/volume.ts'
import type { ByteClass, Extent } from '../result/bytes.ts'
import type { StorageSpec } from '../result/copy.ts'
import type { CopyMode } from '../result/copy_mode.ts'
import { ATOM_BYTES, asModelled, atomsOf, type Destination, type DestinationKind, destinationsOf, extentsOf } from './destinations.ts'

const BLOCK_ATOMS = [1, 2, 4] as const

/** The copy of a small case. Sizes and blocks are in atoms. */
export interface SmallCopy {
  readonly destination: Destination
  readonly sourceAtoms: number
  /** The pattern of the source's atoms that hold data. */
  readonly data: number
  readonly blockAtoms: number
  readonly mode: CopyMode
}

/** The first byte that differs from the source. */
export interface WrongByte {
  readonly offset: number
  readonly expected: ByteClass
  readonly found: ByteClass
}

/** A count of cases, and the smallest of them. */
export interface Tally {
  cases: number
  smallest?: SmallCopy
}

/** The results of all copies of one mode onto one kind of destination. */
export interface ModeTally {
  readonly all: Tally
  /** Copies with a wrong byte within the volume. */
  readonly corrupt: Tally
  /** Copies that leave stale bytes past the end of the volume, on a destination that is larger than the source. */
  readonly leftBehind: Tally
}

export interface KindTally {
  readonly kind: DestinationKind
  /** The number of copies computed. It is less than that of cases, because one stands for all sources that read the same. */
  readonly copies: number
  readonly modes: Readonly<Record<CopyMode, ModeTally>>
}

/** Computes every copy of both modes onto every destination of a kind, from sources of up to `bound` atoms. */
export function enumerateKind(kind: DestinationKind, bound: number): KindTally {
  const modes = { full: newModeTally(), sparse: newModeTally() }
  let copies = 0
  for (let sourceAtoms = 1; sourceAtoms <= bound; sourceAtoms++) {
    const sources = sourcesOf(sourceAtoms)
    for (const atoms of [sourceAtoms, sourceAtoms + 1]) {
      for (const destination of destinationsOf(kind, atoms)) {
        for (const source of sources) {
          for (const blockAtoms of BLOCK_ATOMS) {
            for (const mode of ['full', 'sparse'] as const) {
              const done: SmallCopy = { destination, sourceAtoms, data: source.data, blockAtoms, mode }
              tally(modes[mode], done, runCopy(done, source), source.cases)
              copies++
            }
          }
        }
      }
    }
  }
  return { kind, copies, modes }
}

interface Source {
  readonly data: number
  /** The number of sources that read the same: each atom without data is unwritten, or has zeros written. */
  readonly cases: number
  readonly volume: ModelVolume
  readonly reads: RangeMap<ByteClass>
}

const THICK: StorageSpec = { kind: 'thick' }

function sourcesOf(atoms: number): Source[] {
  return Array.from({ length: 2 ** atoms }, (_, data) => sourceOf(atoms, data))
}

function sourceOf(atoms: number, data: number): Source {
  const sizeBytes = atoms * ATOM_BYTES
  const extents = extentsOf(data)
  return {
    data,
    cases: 2 ** (atoms - atomsOf(data).length),
    volume: makeSource({ storage: THICK, sizeBytes, extents }),
    reads: expectedRanges({ sizeBytes, extents }),
  }
}

/**
 * A full and a sparse copy depend only on the bytes that the source reads as. This checks that every source of every storage reads like
 * the one that represents it. Returns the number of sources, and of those that do not.
 */
export function checkSources(bound: number, storages: readonly StorageSpec[]): { sources: number; odd: number } {
  let [sources, odd] = [0, 0]
  for (let atoms = 1; atoms <= bound; atoms++) {
    const sizeBytes = atoms * ATOM_BYTES
    const standing = sourcesOf(atoms)
    for (let number = 0; number < 3 ** atoms; number++) {
      const writes = Array.from({ length: atoms }, (_, atom) => Math.floor(number / 3 ** atom) % 3)
      const data = writes.reduce((pattern, write, atom) => pattern + (write === 2 ? 2 ** atom : 0), 0)
      const extents = writes.flatMap((write, atom): Extent[] =>
        write === 0 ? [] : [{ offset: atom * ATOM_BYTES, length: ATOM_BYTES, write: write === 1 ? 'zeros' : 'data' }],
      )
      for (const storage of storages) {
        const reads = makeSource({ storage, sizeBytes, extents }).read()
        const expected = standing[data]?.volume.read()
        sources++
        if (expected === undefined || !same(reads, expected)) odd++
      }
    }
  }
  return { sources, odd }
}

function newModeTally(): ModeTally {
  return { all: { cases: 0 }, corrupt: { cases: 0 }, leftBehind: { cases: 0 } }
}

/** The damage of a copy: the first wrong byte within the volume, and whether stale bytes lie past its end. */
interface Damage {
  readonly wrong: WrongByte | undefined
  readonly leftBehind: boolean
}

function runCopy({ destination, blockAtoms, mode }: SmallCopy, source: Source): Damage {
  const { volume } = makeDestination(asModelled(destination))
  const { sizeBytes } = source.volume
  copy(source.volume, volume, sizeBytes, { how: mode, blockBytes: blockAtoms * ATOM_BYTES, keepsFile: destination.kind.keepsFile })
  const content = volume.read()
  return {
    wrong: firstWrong(content, source.reads),
    leftBehind: volume.sizeBytes > sizeBytes && content.some(({ to, value }) => to > sizeBytes && value === 'stale'),
  }
}

/** The first wrong byte of a copy. */
export function wrongByteOf(done: SmallCopy): WrongByte | undefined {
  return runCopy(done, sourceOf(done.sourceAtoms, done.data)).wrong
}

/** Both maps cover the whole volume. The content may reach further. */
function firstWrong(content: RangeMap<ByteClass>, expected: RangeMap<ByteClass>): WrongByte | undefined {
  let index = 0
  for (const { from, to, value } of expected) {
    let at = from
    while (at < to) {
      const there = content[index]
      if (there === undefined) throw new Error(`the model has no content for byte ${at} of the destination`)
      if (there.to > at) {
        if (there.value !== value) return { offset: at, expected: value, found: there.value }
        at = there.to
      }
      if (there.to <= to) index++
    }
  }
  return undefined
}

function tally(modeTally: ModeTally, done: SmallCopy, { wrong, leftBehind }: Damage, cases: number): void {
  count(modeTally.all, done, cases)
  if (wrong !== undefined) count(modeTally.corrupt, done, cases)
  if (leftBehind) count(modeTally.leftBehind, done, cases)
}

function count(counted: Tally, done: SmallCopy, cases: number): void {
  counted.cases += cases
  if (counted.smallest === undefined || isSmaller(done, counted.smallest)) counted.smallest = done
}

/**
 * Orders cases by size: fewer atoms of the source, then of the destination, then no encryption, fewer atoms with data, fewer with old
 * data, a shorter origin, smaller chunks, a smaller block, then data and old data nearer to the start.
 */
export function isSmaller(one: SmallCopy, other: SmallCopy): boolean {
  if (one.sourceAtoms !== other.sourceAtoms) return one.sourceAtoms < other.sourceAtoms
  if (one.destination.atoms !== other.destination.atoms) return one.destination.atoms < other.destination.atoms
  const [sizes, others] = [orderOf(one), orderOf(other)]
  const differs = sizes.findIndex((size, index) => size !== others[index])
  return differs !== -1 && (sizes[differs] ?? 0) < (others[differs] ?? 0)
}

function orderOf({ destination: { kind, old, originAtoms }, data, blockAtoms }: SmallCopy): number[] {
  const chunkBytes = kind.storage.kind === 'thin' ? kind.storage.chunkBytes : 0
  return [kind.encrypted ? 1 : 0, atomsOf(data).length, atomsOf(old).length, originAtoms, chunkBytes, blockAtoms, data, old]
}

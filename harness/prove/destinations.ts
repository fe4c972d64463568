import { PAGE_BYTES } from '../model/volume.ts'
import type { Extent } from '../result/bytes.ts'
import type { CopyCase, Prior, StorageSpec } from '../result/copy.ts'

/**
 * The grain of the small cases, in bytes. It is what the page cache writes at once and what is wiped of a new thick volume, so
 * that nothing finer happens in a copy of whole atoms.
 */
export const ATOM_BYTES = PAGE_BYTES

const CHUNK_ATOMS = [1, 2, 4] as const

/** How destinations are told apart: what they lie on, what they were before, and how they are written to. */
export interface DestinationKind {
  readonly storage: StorageSpec
  readonly prior: Prior['kind']
  /** Whether an encryption lies between the copy and the volume. */
  readonly encrypted: boolean
  /** Whether a file keeps what it holds when it is opened for the copy, as with dd's conv=notrunc. */
  readonly keepsFile: boolean
}

/** A destination of a kind, in atoms. Patterns are sets of atoms, one bit an atom, the first the lowest. */
export interface Destination {
  readonly kind: DestinationKind
  /** What can be written and read, without an encryption's header. */
  readonly atoms: number
  /** Where another volume's data was written before: to this volume, to the one it is a snapshot of, or to its origin. */
  readonly old: number
  /** Of the external origin; 0 where there is none. */
  readonly originAtoms: number
}

/** Every kind. Whether a pool takes discards makes none: no copy of the rule's discards. */
export function destinationKinds(): DestinationKind[] {
  const thin = [true, false].flatMap((zeroing) =>
    CHUNK_ATOMS.map((atoms): StorageSpec => ({ kind: 'thin', chunkBytes: atoms * ATOM_BYTES, zeroing, discards: true })),
  )
  const bare = { encrypted: false, keepsFile: false }
  const thinPriors = ['new', 'used', 'snapshot', 'external-origin'] as const
  const storages: readonly StorageSpec[] = [...thin, { kind: 'thick' }, { kind: 'file' }]
  return [
    ...thin.flatMap((storage) => thinPriors.map((prior) => ({ storage, prior, ...bare }))),
    ...(['new', 'used'] as const).map((prior) => ({ storage: { kind: 'thick' } as const, prior, ...bare })),
    ...(['new', 'reserved', 'used'] as const).flatMap((prior) =>
      [false, true].map((keepsFile) => ({ storage: { kind: 'file' } as const, prior, ...bare, keepsFile })),
    ),
    ...storages.flatMap((storage) => (['new', 'used'] as const).map((prior) => ({ storage, prior, encrypted: true, keepsFile: false }))),
  ]
}

/** The kind that the driver's claim is about: the same storage, as it hands it out. */
export function asHandedOut(kind: DestinationKind): DestinationKind {
  return { ...kind, prior: kind.prior === 'reserved' ? 'reserved' : 'new', encrypted: false }
}

export function sameKind(one: DestinationKind, other: DestinationKind): boolean {
  return (
    one.storage === other.storage && one.prior === other.prior && one.encrypted === other.encrypted && one.keepsFile === other.keepsFile
  )
}

/** Every destination of a kind and size: every pattern of old data but none. Below an encryption, where it is not seen, one does. */
export function* destinationsOf(kind: DestinationKind, atoms: number): Generator<Destination> {
  const all = 2 ** atoms - 1
  if (kind.prior === 'new' || kind.prior === 'reserved') {
    yield { kind, atoms, old: 0, originAtoms: 0 }
  } else if (kind.encrypted) {
    yield { kind, atoms, old: all, originAtoms: 0 }
  } else if (kind.prior === 'external-origin') {
    for (let originAtoms = 1; originAtoms <= atoms; originAtoms++)
      for (let old = 1; old < 2 ** originAtoms; old++) yield { kind, atoms, old, originAtoms }
  } else {
    for (let old = 1; old <= all; old++) yield { kind, atoms, old, originAtoms: 0 }
  }
}

/** The destination as the model's cases have it. */
export function asModelled({ kind, atoms, old, originAtoms }: Destination): CopyCase['destination'] {
  const extents = extentsOf(old)
  return {
    storage: kind.storage,
    sizeBytes: (kind.encrypted ? atoms + 1 : atoms) * ATOM_BYTES,
    prior: priorOf(kind.prior, originAtoms * ATOM_BYTES, extents),
    cryptHeaderBytes: kind.encrypted ? ATOM_BYTES : undefined,
  }
}

function priorOf(kind: Prior['kind'], originBytes: number, extents: readonly Extent[]): Prior {
  switch (kind) {
    case 'new':
    case 'reserved':
      return { kind }
    case 'used':
    case 'snapshot':
      return { kind, extents }
    case 'external-origin':
      return { kind, originBytes, extents }
  }
}

/** A pattern as extents of data. */
export function extentsOf(pattern: number): Extent[] {
  return atomsOf(pattern).map((atom): Extent => ({ offset: atom * ATOM_BYTES, length: ATOM_BYTES, write: 'data' }))
}

/** The atoms of a pattern, ascending. */
export function atomsOf(pattern: number): number[] {
  const atoms: number[] = []
  for (let atom = 0; 2 ** atom <= pattern; atom++) if ((pattern >> atom) & 1) atoms.push(atom)
  return atoms
}

import { PAGE_BYTES } from '../model/volume.ts'
import type { Extent } from '../result/bytes.ts'
import type { CopyCase, Prior, StorageSpec } from '../result/copy.ts'

/**
 * The grain of the small cases, in bytes. The page cache writes as much at once, and lvcreate wipes as much of a new thick volume, so
 * that nothing finer happens in a copy of whole atoms.
 */
export const ATOM_BYTES = PAGE_BYTES

const CHUNK_ATOMS = [1, 2, 4] as const

/** A kind of destination: its storage, its history, and the way the copy writes to it. */
export interface DestinationKind {
  readonly storage: StorageSpec
  readonly prior: Prior['kind']
  /** True if an encryption lies between the copy and the volume. */
  readonly encrypted: boolean
  /** True if a file keeps its content when the copy opens it, as with dd's conv=notrunc. */
  readonly keepsFile: boolean
}

/** A destination of a kind, in atoms. A pattern is a set of atoms with one bit for each, the lowest for the first. */
export interface Destination {
  readonly kind: DestinationKind
  /** The size without the header of an encryption. */
  readonly atoms: number
  /** The pattern of another volume's data in this volume, in the one it is a snapshot of, or in its origin. */
  readonly old: number
  /** The size of the external origin; 0 if there is none. */
  readonly originAtoms: number
}

/** Every kind. Pools that ignore discards are not among them, because no copy of the rule discards. */
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

/** The kind that the driver's claim is about: the same storage, as the driver hands it out. */
export function asHandedOut(kind: DestinationKind): DestinationKind {
  return { ...kind, prior: kind.prior === 'reserved' ? 'reserved' : 'new', encrypted: false }
}

export function sameKind(one: DestinationKind, other: DestinationKind): boolean {
  return (
    one.storage === other.storage && one.prior === other.prior && one.encrypted === other.encrypted && one.keepsFile === other.keepsFile
  )
}

/** Every destination of a kind and size, with every pattern of old data except none. Below an encryption one pattern is enough. */
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

/** The destination in the terms of the model. */
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

import { LUKS_HEADER_BYTES } from '../block/crypt.ts'
import { wholly } from '../content/content.ts'
import { contentOf } from '../content/layouts.ts'
import { knowsTargetIsZero, optionSets } from '../movers/mirror/options.ts'
import type { CopyCase, StorageSpec } from '../result/copy.ts'
import type { MirrorOptions } from '../result/mirror.ts'
import { KiB, MiB } from '../units.ts'
import type { NamedCopy } from './run_copies.ts'

const SIZE_BYTES = 16 * MiB

const thin: StorageSpec = { kind: 'thin', chunkBytes: 64 * KiB, zeroing: true, discards: true }
const old = { kind: 'used', extents: wholly(SIZE_BYTES) } as const

/** The sources, as far as QEMU tells them apart. */
const sources = { device: thin, file: { kind: 'file' } } satisfies Record<string, StorageSpec>

const destinations = {
  thin: { storage: thin, prior: { kind: 'new' } },
  thick: { storage: { kind: 'thick' }, prior: { kind: 'new' } },
  'thin-used': { storage: thin, prior: old },
  luks: { storage: thin, prior: { kind: 'new' }, cryptHeaderBytes: LUKS_HEADER_BYTES, sizeBytes: SIZE_BYTES + LUKS_HEADER_BYTES },
  file: { storage: { kind: 'file' }, prior: { kind: 'new' } },
  'file-used': { storage: { kind: 'file' }, prior: old },
} satisfies Record<string, Partial<CopyCase['destination']>>

/**
 * Every set of options that a QEMU version knows, from every source to every destination; without a writer, so that the model is exact.
 * The ids have two numbers of the version.
 */
export function mirrorCopies(version: string): NamedCopy[] {
  const qemu = version.split('.').slice(0, 2).join('.')
  const { extents } = contentOf('mixed', SIZE_BYTES, 0, 1)
  return entriesOf(sources).flatMap(([from, storage]) =>
    entriesOf(destinations).flatMap(([to, destination]) =>
      entriesOf<string, MirrorOptions>(optionSets)
        .filter(([, { targetIsZero }]) => !targetIsZero || knowsTargetIsZero(qemu))
        .map(([name, options]) => ({
          id: `mirror/${qemu}/${from}/${to}/${name}`,
          copyCase: {
            sizeBytes: SIZE_BYTES,
            source: { storage, sizeBytes: SIZE_BYTES, extents },
            destination: { sizeBytes: SIZE_BYTES, ...destination },
            copy: { how: 'mirror', qemu, options },
          },
        })),
    ),
  )
}

/** The QEMU versions that ids of those copies, or their leading parts, name. */
export function qemusIn(ids: readonly string[]): string[] {
  return ids.flatMap((id) => /^mirror\/(\d+\.\d+)(?:\/|$)/.exec(id)?.[1] ?? [])
}

function entriesOf<Key extends string, Value>(record: Readonly<Record<Key, Value>>): [Key, Value][] {
  return Object.entries(record) as [Key, Value][]
}

import { createLogicalVolume, makeExternalOrigin, SNAPSHOT_MODULES, volumeForms } from '../../block/logical_volume.ts'
import { createThinPool, POOL_METADATA_BYTES, type ThinPoolOptions } from '../../block/thin_pool.ts'
import { devicePath, EXTENT_BYTES, type VolumeGroup } from '../../block/volume_group.ts'
import { wholly } from '../../content/content.ts'
import { MiB } from '../../units.ts'

/** All of a template or an origin: one extent, so that no volume is smaller. */
const BASE_BYTES = EXTENT_BYTES
/** The first part of a deleted volume, as Cinder's `volume_clear_size` has it. */
export const CLEARED_BYTES = 4 * MiB
const LARGE_CHUNK_BYTES = 2 * MiB
const LARGER_STEP_BYTES = 8 * MiB

/** How a volume group makes its volumes. */
export interface LvmKind {
  /** The thin pool that volumes are made in; without one they are thick. */
  readonly pool?: Omit<ThinPoolOptions, 'sizeBytes'> & {
    /** The bytes it needs besides those of the volumes. */
    readonly extraBytes?: number
  }
  /** How many devices the group needs; default 1. */
  readonly devices?: number
  /** The bytes the group needs on each device besides those of the volumes. */
  readonly extraBytes?: number
  /** Modules of the kernel that a guest does not load at boot. */
  readonly modules?: readonly string[]
  /** The base of new volumes: a volume of BASE_BYTES that `make` puts into the group. */
  readonly base?: { readonly name: (group: string) => string; readonly make: (group: VolumeGroup, name: string) => Promise<void> }
  /** The end of lvcreate's command line; the size is in bytes. */
  readonly create: (group: string, sizeBytes: number) => readonly string[]
  /** The size in bytes of a volume that is created with a given size. Default: the same. */
  readonly sizeFor?: (sizeBytes: number) => number
  /** How much of a volume is zeroed, from the start, before it is removed; default nothing. */
  readonly clearBytes?: number
}

/** Cinder's name for the pool of a volume group. */
export function poolName(group: string): string {
  return `${group}-pool`
}

const thin: LvmKind = {
  pool: {},
  create: (group, sizeBytes) => volumeForms.thin(group, poolName(group), sizeBytes),
}

const thick: LvmKind = { create: volumeForms.thick }

const template = {
  name: (group: string) => `${group}-template`,
  make: async (group: VolumeGroup, name: string) => {
    await createLogicalVolume(group, name, thin.create(group.name, BASE_BYTES))
    await fill(group, name)
  },
}

const externalOrigin = {
  name: (group: string) => `${group}-origin`,
  make: async (group: VolumeGroup, name: string) => {
    await createLogicalVolume(group, name, thick.create(group.name, BASE_BYTES))
    await fill(group, name)
    await makeExternalOrigin(group, name)
  },
}

async function fill({ lab, name: group }: VolumeGroup, name: string): Promise<void> {
  const content = { sizeBytes: BASE_BYTES, tag: lab.tag(), extents: wholly(BASE_BYTES) }
  await lab.helper.stamp(devicePath(group, name), content)
}

/** By the name that stands in a backend's `location_info`; `thin` and `default` are Cinder's. */
export const lvmKinds = {
  thin,
  default: thick,
  'thin-large-chunk': { ...thin, pool: { chunkBytes: LARGE_CHUNK_BYTES } },
  'thin-nozero': { ...thin, pool: { chunkBytes: LARGE_CHUNK_BYTES, zeroing: false } },
  'thin-from-template': {
    ...thin,
    pool: { extraBytes: BASE_BYTES },
    base: template,
    modules: SNAPSHOT_MODULES,
    create: (group) => volumeForms.thinSnapshot(group, template.name(group)),
  },
  'thin-external-origin': {
    ...thin,
    extraBytes: BASE_BYTES,
    base: externalOrigin,
    create: (group) => volumeForms.onExternalOrigin(group, poolName(group), externalOrigin.name(group)),
  },
  'thick-cleared': { ...thick, clearBytes: Number.MAX_SAFE_INTEGER },
  'thick-partly-cleared': { ...thick, clearBytes: CLEARED_BYTES },
  'thick-larger': {
    ...thick,
    extraBytes: 4 * (LARGER_STEP_BYTES + EXTENT_BYTES),
    sizeFor: (sizeBytes) => Math.ceil(sizeBytes / LARGER_STEP_BYTES) * LARGER_STEP_BYTES + EXTENT_BYTES,
  },
  'raid1-nosync': {
    devices: 2,
    extraBytes: 4 * EXTENT_BYTES, // each volume has an extent of metadata
    modules: ['raid1', 'dm-raid'],
    create: (group, sizeBytes) => ['--type', 'raid1', '--mirrors', '1', '--nosync', '--size', `${sizeBytes}b`, group],
  },
  'mirror-nosync': {
    devices: 2,
    modules: ['dm-mirror'],
    create: (group, sizeBytes) => [
      ...['--type', 'mirror', '--mirrors', '1', '--nosync', '--mirrorlog', 'core'],
      ...['--size', `${sizeBytes}b`, group],
    ],
  },
} satisfies Record<string, LvmKind>

export type LvmType = keyof typeof lvmKinds

export function lvmKind(type: LvmType): LvmKind {
  return lvmKinds[type]
}

export function isLvmType(text: string | undefined): text is LvmType {
  return text !== undefined && Object.hasOwn(lvmKinds, text)
}

/** The bytes that a group of this kind needs besides those of the volumes. */
export function overheadBytes({ pool, extraBytes = 0 }: LvmKind): number {
  return extraBytes + (pool === undefined ? 0 : 2 * POOL_METADATA_BYTES + (pool.extraBytes ?? 0))
}

/** Puts into a new group what its volumes are made in or from: a pool with room for `dataBytes`, a base. */
export async function createPoolAndOrigin(
  group: VolumeGroup,
  { pool, base }: LvmKind,
  dataBytes: number,
  errorWhenFull = false,
): Promise<void> {
  if (pool !== undefined) {
    const { extraBytes = 0, ...options } = pool
    await createThinPool(group, poolName(group.name), { ...options, sizeBytes: dataBytes + extraBytes, errorWhenFull })
  }
  await base?.make(group, base.name(group.name))
}

/** The volumes that belong to the group itself: its pool and the base of its volumes. */
export function internalVolumes(group: string, { pool, base }: LvmKind): string[] {
  return [...(pool === undefined ? [] : [poolName(group)]), ...(base === undefined ? [] : [base.name(group)])]
}

import type { VolumeGroup } from './volume_group.ts'

/** The modules that `lvcreate --snapshot` looks for, also when the snapshot is thin. */
export const SNAPSHOT_MODULES = ['dm-snapshot']

/** The end of lvcreate's command line: the form of a volume and the group that it is made in. Sizes are in bytes. */
export const volumeForms = {
  thick: (group: string, sizeBytes: number) => ['--size', `${sizeBytes}b`, group],
  thin: (group: string, pool: string, sizeBytes: number) => ['--type', 'thin', '--virtualsize', `${sizeBytes}b`, '--thinpool', pool, group],
  /** Activation of a thin snapshot is skipped by default; that of a volume is not. */
  thinSnapshot: (group: string, origin: string) => ['--snapshot', '--setactivationskip', 'n', `${group}/${origin}`],
  onExternalOrigin: (group: string, pool: string, origin: string) => ['--type', 'thin', '--thinpool', pool, `${group}/${origin}`],
} as const

export async function createLogicalVolume(group: VolumeGroup, name: string, form: readonly string[]): Promise<void> {
  await group.run(['lvcreate', '--quiet', '--yes', '--name', name, ...form])
}

/** Makes a volume fit to be an external origin. lvmthin(7), "Thin Snapshots of an external origin": it must be inactive and read-only. */
export async function makeExternalOrigin(group: VolumeGroup, name: string): Promise<void> {
  await group.run(['lvchange', '--quiet', '--activate', 'n', `${group.name}/${name}`])
  await group.run(['lvchange', '--quiet', '--permission', 'r', `${group.name}/${name}`])
}

export const KiB = 1024
export const MiB = 1024 ** 2
export const GiB = 1024 ** 3
/** The unit in which the kernel and LVM count storage. */
export const SECTOR_BYTES = 512

/** A size in the largest unit that divides it. */
export function sizeText(bytes: number): string {
  for (const [unit, name] of [
    [GiB, 'GiB'],
    [MiB, 'MiB'],
    [KiB, 'KiB'],
  ] as const)
    if (bytes >= unit && bytes % unit === 0) return `${bytes / unit} ${name}`
  return `${bytes} bytes`
}

const UNITS = ['b', 'k', 'm', 'g', 't', 'p', 'e'] as const

/** A size in LVM's way, `3.80g`: powers of 1024. */
export function lvmSize(bytes: number): string {
  const power = bytes < 1024 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), UNITS.length - 1)
  return power === 0 ? `${bytes}b` : `${(bytes / 1024 ** power).toFixed(2)}${UNITS[power]}`
}

/** A count with its noun: "1 cell", "3 cells". */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${noun(count, one, many)}`
}

/** The noun alone, in its singular or plural. */
export function noun(count: number, one: string, many = `${one}s`): string {
  return count === 1 ? one : many
}

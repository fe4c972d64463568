import { GiB, KiB, MiB, SECTOR_BYTES } from '../units.ts'

const UNITS: Readonly<Record<string, number>> = {
  b: 1,
  s: SECTOR_BYTES,
  k: KiB,
  m: MiB,
  g: GiB,
  t: KiB * GiB,
  p: MiB * GiB,
}
const SIZE = /^\s*(?<number>\d+(?:\.\d+)?)\s*(?<unit>[bskmgtp]|[kmgtp]ib)\s*$/i

export type ParsedSize = { readonly ok: true; readonly bytes: number } | { readonly ok: false; readonly why: string }

/** The forms of a size, for messages. */
export const SIZE_FORMS = 'bytes as a number, or text such as "200MiB", "1GiB" or "3.80g"'

/**
 * Reads a size as LVM's options do: b is bytes, s sectors of 512 bytes, and k, m, g, t and p are powers of 1024 in either case, as are
 * KiB to PiB. A fraction is rounded up to whole sectors. KB and MB are refused, because programs disagree on their meaning.
 */
export function parseSize(text: string): ParsedSize {
  const { number, unit } = SIZE.exec(text)?.groups ?? {}
  if (number === undefined || unit === undefined) {
    const decimal = /^\s*[\d.]+\s*([kmgtp])b\s*$/i.exec(text)?.[1]
    return {
      ok: false,
      why: decimal === undefined ? `write ${SIZE_FORMS}` : `write ${decimal.toUpperCase()}iB for powers of 1024, or bytes`,
    }
  }
  const exact = Number(number) * (UNITS[unit.charAt(0).toLowerCase()] ?? Number.NaN)
  const bytes = Number.isInteger(exact) ? exact : Math.ceil(exact / SECTOR_BYTES) * SECTOR_BYTES
  return Number.isSafeInteger(bytes) ? { ok: true, bytes } : { ok: false, why: 'it is 8 PiB or more' }
}

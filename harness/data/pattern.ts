/**
 * Self-describing bytes: poison and stamps are endless streams of 512-byte sectors, each of which says what it is, whose
 * it is and at which offset it belongs. No byte of a stream is zero, so a single byte of it is never mistaken for a hole.
 */
export const SECTOR_BYTES = 512

export type PatternKind = 'poison' | 'stamp'

export interface Pattern {
  readonly kind: PatternKind
  /** Tells one volume's stamp (or one device's poison) from another's: 0 to 2^42-1. */
  readonly tag: number
}

const MAGIC: Record<PatternKind, Buffer> = {
  poison: Buffer.from('HPPOISON', 'latin1'),
  stamp: Buffer.from('HPVOLUME', 'latin1'),
}
const TAG_AT = 8
const NUMBER_AT = 14
const FILL_AT = 22
const TAG_DIGITS = 6
const NUMBER_DIGITS = 8

/** Fills `target` with the part of the pattern's stream that begins at byte `offset`. */
export function writePattern(target: Uint8Array, pattern: Pattern, offset: number): void {
  const template = templateOf(pattern)
  let at = 0
  const skew = offset % SECTOR_BYTES
  let sector = Math.floor(offset / SECTOR_BYTES)
  if (skew !== 0) {
    const first = Buffer.from(template)
    writeDigits(first, NUMBER_AT, sector, NUMBER_DIGITS)
    target.set(first.subarray(skew, Math.min(SECTOR_BYTES, skew + target.length)), 0)
    at = Math.min(target.length, SECTOR_BYTES - skew)
    sector++
  }
  while (at + SECTOR_BYTES <= target.length) {
    target.set(template, at)
    writeDigits(target, at + NUMBER_AT, sector, NUMBER_DIGITS)
    at += SECTOR_BYTES
    sector++
  }
  if (at < target.length) {
    const last = Buffer.from(template)
    writeDigits(last, NUMBER_AT, sector, NUMBER_DIGITS)
    target.set(last.subarray(0, target.length - at), at)
  }
}

export interface FoundPattern extends Pattern {
  /** The offset in bytes that the sector says it belongs to. */
  readonly offset: number
}

/**
 * Tells which pattern the bytes of a sector that differ from `expected` come from, by what the sector says of itself;
 * undefined when they are no pattern of ours.
 */
export function identifySector(actual: Uint8Array, expected: Uint8Array): FoundPattern | undefined {
  const tag = readDigits(actual, TAG_AT, TAG_DIGITS)
  const offset = readDigits(actual, NUMBER_AT, NUMBER_DIGITS) * SECTOR_BYTES
  for (const kind of ['poison', 'stamp'] as const) {
    const pattern = Buffer.alloc(actual.length)
    writePattern(pattern, { kind, tag }, offset)
    if (actual.every((byte, index) => byte === pattern[index] || byte === expected[index])) return { kind, tag, offset }
  }
  return undefined
}

const templates = new Map<string, Buffer>()

function templateOf({ kind, tag }: Pattern): Buffer {
  const key = `${kind} ${tag}`
  const known = templates.get(key)
  if (known !== undefined) return known
  const template = Buffer.alloc(SECTOR_BYTES)
  MAGIC[kind].copy(template)
  writeDigits(template, TAG_AT, tag, TAG_DIGITS)
  let state = (tag ^ (kind === 'poison' ? 0x5eed : 0xda7a)) >>> 0
  for (let at = FILL_AT; at < SECTOR_BYTES; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    template[at] = 1 + ((state >>> 16) % 255)
  }
  templates.set(key, template)
  return template
}

/** Seven bits a byte with the eighth set, so that no byte is zero. */
function writeDigits(target: Uint8Array, at: number, value: number, digits: number): void {
  let low = value % 0x10000000
  let high = Math.floor(value / 0x10000000)
  for (let digit = digits - 1; digit >= 0; digit--) {
    if (digits - 1 - digit < 4) {
      target[at + digit] = 0x80 | (low & 0x7f)
      low >>>= 7
    } else {
      target[at + digit] = 0x80 | (high & 0x7f)
      high >>>= 7
    }
  }
}

function readDigits(source: Uint8Array, at: number, digits: number): number {
  let value = 0
  for (let digit = 0; digit < digits; digit++) value = value * 128 + ((source[at + digit] ?? 0) & 0x7f)
  return value
}

import { SECTOR_BYTES } from '../units.ts'

/**
 * Self-describing bytes. Poison and stamps are endless streams of 512-byte sectors, each of which holds its kind, its owner's tag, its
 * offset, and the generation of the write that it came by. No byte of a stream is zero, so a single byte of it is never mistaken for a
 * hole.
 */

export type PatternKind = 'poison' | 'stamp'

export interface Pattern {
  readonly kind: PatternKind
  /** A number from 0 to 2^42-1 that distinguishes volumes' stamps, or devices' poison. */
  readonly tag: number
  /** Which write it is: those to a volume in use count up to 2^18-1. Default 0, the content before them. */
  readonly generation?: number
}

const MAGIC: Record<PatternKind, Buffer> = {
  poison: Buffer.from('POISONED', 'latin1'),
  stamp: Buffer.from('hpVOLUME', 'latin1'),
}
/** A sector begins with fill, so that its first bytes differ between volumes. Layouts often put single bytes of data there. */
const MAGIC_AT = 4
const TAG_AT = 12
const NUMBER_AT = 18
const FILL_AT = 26
const TAG_DIGITS = 6
const NUMBER_DIGITS = 8
/** The number holds the sector's own in its lowest 35 bits (16 TiB), and the generation above. */
const SECTORS = 2 ** 35
/** Fewer matching bytes of a magic are taken for chance. */
const LEAST_OF_MAGIC = 4

/** Fills `target` with the part of the pattern's stream that begins at byte `offset`. */
export function writePattern(target: Uint8Array, pattern: Pattern, offset: number): void {
  const template = templateOf(pattern)
  let at = 0
  const skew = offset % SECTOR_BYTES
  let sector = (pattern.generation ?? 0) * SECTORS + Math.floor(offset / SECTOR_BYTES)
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
  readonly generation: number
  /** The offset in bytes that the sector says it belongs to. */
  readonly offset: number
}

/**
 * Identifies the pattern of the bytes of a sector that differ from `expected`, from the tag and the number in the sector. Returns
 * undefined if they belong to no pattern of holeproof.
 */
export function identifySector(actual: Uint8Array, expected: Uint8Array): FoundPattern | undefined {
  const tag = readDigits(actual, TAG_AT, TAG_DIGITS)
  const number = readDigits(actual, NUMBER_AT, NUMBER_DIGITS)
  const { generation, offset } = placeOf(number)
  for (const kind of ['poison', 'stamp'] as const) {
    const ofMagic = MAGIC[kind].filter((byte, index) => byte === actual[MAGIC_AT + index]).length
    if (ofMagic < LEAST_OF_MAGIC) continue
    const pattern = makeTemplate({ kind, tag, generation })
    writeDigits(pattern, NUMBER_AT, number, NUMBER_DIGITS)
    if (actual.every((byte, index) => byte === pattern[index] || byte === expected[index])) return { kind, tag, generation, offset }
  }
  return undefined
}

/** The poison that a sector says it is, by its magic, tag and number alone; undefined if it says nothing of the kind. */
export function claimedPoison(source: Buffer, at: number): FoundPattern | undefined {
  if (MAGIC.poison.compare(source, at + MAGIC_AT, at + MAGIC_AT + MAGIC.poison.length) !== 0) return undefined
  const [tag, number] = [readDigits(source, at + TAG_AT, TAG_DIGITS), readDigits(source, at + NUMBER_AT, NUMBER_DIGITS)]
  return { kind: 'poison', tag, ...placeOf(number) }
}

/** What a sector's number says: which write it came by, and the offset in bytes that it belongs to. */
function placeOf(number: number): { generation: number; offset: number } {
  return { generation: Math.floor(number / SECTORS), offset: (number % SECTORS) * SECTOR_BYTES }
}

const templates = new Map<string, Buffer>()

/** Each write to a volume in use has a template of its own, which is needed once. */
function templateOf(pattern: Pattern): Buffer {
  if (pattern.generation !== undefined && pattern.generation > 0) return makeTemplate(pattern)
  const key = `${pattern.kind} ${pattern.tag}`
  const template = templates.get(key) ?? makeTemplate(pattern)
  templates.set(key, template)
  return template
}

/** A sector without its number. The fill of poison is odd and that of a stamp even, so that neither passes for the other. */
function makeTemplate({ kind, tag, generation = 0 }: Pattern): Buffer {
  const template = Buffer.alloc(SECTOR_BYTES)
  const lowest = kind === 'poison' ? 1 : 2
  // The fill differs between generations: half of one write and half of another are neither.
  let state = (tag ^ 0x5eed ^ Math.imul(generation, 0x9e3779b1)) >>> 0
  for (const [from, to] of [
    [0, MAGIC_AT],
    [FILL_AT, SECTOR_BYTES],
  ] as const) {
    for (let at = from; at < to; at++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0
      template[at] = lowest + 2 * ((state >>> 16) % 127)
    }
  }
  MAGIC[kind].copy(template, MAGIC_AT)
  writeDigits(template, TAG_AT, tag, TAG_DIGITS)
  return template
}

/** Writes seven bits a byte with the eighth set, so that no byte is zero. */
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

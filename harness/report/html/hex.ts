const ROW_BYTES = 16

/** A piece of a row's text, all of it wrong or all of it right. */
export interface HexPart {
  readonly text: string
  readonly wrong: boolean
}

export interface HexRow {
  /** The offset of its first byte, in bytes. */
  readonly offset: number
  readonly hex: readonly HexPart[]
  readonly text: readonly HexPart[]
}

/** Bytes as 16 a row, as hexadecimal digits and as text; those that differ from `expected` (zeros when absent) are marked. */
export function hexRows(found: Uint8Array, expected: Uint8Array | undefined, offset: number): HexRow[] {
  const rows: HexRow[] = []
  for (let start = 0; start < found.length; start += ROW_BYTES) {
    const bytes = [...found.subarray(start, start + ROW_BYTES)]
    const wrong = bytes.map((byte, index) => byte !== (expected === undefined ? 0 : (expected[start + index] ?? 0)))
    const digits = bytes.map((byte) => `${byte.toString(16).padStart(2, '0')} `)
    const letters = bytes.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '·'))
    rows.push({ offset: offset + start, hex: grouped(digits, wrong), text: grouped(letters, wrong) })
  }
  return rows
}

function grouped(texts: readonly string[], wrong: readonly boolean[]): HexPart[] {
  const parts: { text: string; wrong: boolean }[] = []
  texts.forEach((text, index) => {
    const last = parts.at(-1)
    if (last !== undefined && last.wrong === wrong[index]) last.text += text
    else parts.push({ text, wrong: wrong[index] === true })
  })
  return parts
}

/**
 * The frames between the host and a guest's agent (agent.pl): type (1 byte), id (u32), length (u32), payload;
 * numbers are big endian. The agent's header comment lists the types.
 */
export interface Frame {
  readonly type: string
  readonly id: number
  readonly payload: Buffer
}

const HEADER_BYTES = 9

export function encodeFrame(type: string, id: number, payload: Uint8Array = Buffer.alloc(0)): Buffer {
  const header = Buffer.alloc(HEADER_BYTES)
  header.write(type, 0, 1, 'latin1')
  header.writeUInt32BE(id, 1)
  header.writeUInt32BE(payload.length, 5)
  return Buffer.concat([header, payload])
}

/** The payload of a run frame: NUL-ended strings, so no argument may contain a NUL. */
export function encodeRun(argv: readonly string[], env: Readonly<Record<string, string>>): Buffer {
  const pairs = Object.entries(env).map(([name, value]) => `${name}=${value}`)
  const strings = [String(argv.length), ...argv, ...pairs]
  return Buffer.from(strings.map((text) => `${text}\0`).join(''))
}

/** Cuts a byte stream into frames, whatever pieces it arrives in. */
export class FrameReader {
  private pieces: Buffer[] = []
  private held = 0

  push(data: Buffer): Frame[] {
    this.pieces.push(data)
    this.held += data.length
    const frames: Frame[] = []
    for (let frame = this.take(); frame !== undefined; frame = this.take()) frames.push(frame)
    return frames
  }

  private take(): Frame | undefined {
    if (this.held < HEADER_BYTES) return undefined
    const first = this.pieces[0]
    if (first === undefined || first.length < HEADER_BYTES) this.pieces = [Buffer.concat(this.pieces)]
    const header = this.pieces[0]
    if (header === undefined) return undefined
    const end = HEADER_BYTES + header.readUInt32BE(5)
    if (this.held < end) return undefined
    const all = this.pieces.length === 1 ? header : Buffer.concat(this.pieces)
    this.held -= end
    this.pieces = this.held > 0 ? [all.subarray(end)] : []
    return {
      type: all.toString('latin1', 0, 1),
      id: all.readUInt32BE(1),
      payload: all.subarray(HEADER_BYTES, end),
    }
  }
}

import { connect, type Socket } from 'node:net'

/** Numbers of the network block device protocol: github.com/NetworkBlockDevice/nbd, doc/proto.md. */
const GREETING = Buffer.from('NBDMAGICIHAVEOPT', 'latin1')
const OPTION_MAGIC = GREETING.subarray(8)
const FIXED_NEWSTYLE_WITHOUT_ZEROES = 3
const OPTION_GO = 7
const REPLY_HEADER_BYTES = 20
const REPLY_ACK = 1
const REPLY_INFO = 3
const REQUEST_MAGIC = 0x25609513
const SIMPLE_REPLY_MAGIC = 0x67446698
const SIMPLE_REPLY_BYTES = 16
const COMMANDS = { write: 1, disconnect: 2, flush: 3, trim: 4, zero: 6 } as const

const CLOSED = 'the NBD server closed the connection'

/** The server refused a request, with an errno; the connection stands. */
export class RequestRefused extends Error {
  override name = 'RequestRefused'
}

/** The connection is gone. Whether the requests under way were carried out is not known. */
export class ConnectionLost extends Error {
  override name = 'ConnectionLost'
}

interface Waiting {
  resolve(): void
  reject(error: Error): void
}

/** A client of an NBD export, with as many requests under way as are asked for. It does not read. */
export class NbdClient {
  private readonly socket: Socket
  private readonly waiting = new Map<bigint, Waiting>()
  private received = Buffer.alloc(0)
  private reading: { readonly bytes: number; resolve(data: Buffer): void; reject(error: Error): void } | undefined
  private greeted = false
  private nextHandle = 1n
  private gone: ConnectionLost | undefined

  private constructor(socket: Socket) {
    this.socket = socket
    const fail = (why: string) => {
      this.gone ??= new ConnectionLost(why)
      for (const { reject } of this.waiting.values()) reject(this.gone)
      this.waiting.clear()
      this.reading?.reject(this.gone)
    }
    // Chance decides whether a write fails before the end arrives.
    socket.on('error', (error) => fail(`${this.greeted ? CLOSED : 'the NBD server cannot be reached'}: ${error.message}`))
    socket.on('close', () => fail(CLOSED))
    socket.on('data', (data: Buffer) => {
      this.received = Buffer.concat([this.received, data])
      this.take()
    })
  }

  /** Connects to an export over a Unix socket. Throws when there is no such export. */
  static async connect(path: string, name: string): Promise<NbdClient> {
    const client = new NbdClient(connect({ path }))
    const greeting = await client.read(18)
    if (!greeting.subarray(0, 16).equals(GREETING)) throw new Error(`not an NBD server: it greets with ${greeting.toString('hex')}`)
    const flags = Buffer.alloc(4)
    flags.writeUInt32BE(FIXED_NEWSTYLE_WITHOUT_ZEROES)
    client.socket.write(Buffer.concat([flags, optionGo(name)]))
    for (;;) {
      const header = await client.read(REPLY_HEADER_BYTES)
      const type = header.readUInt32BE(12)
      const length = header.readUInt32BE(16)
      const data = length === 0 ? Buffer.alloc(0) : await client.read(length)
      if (type === REPLY_ACK) break
      if (type !== REPLY_INFO) throw new Error(`the NBD server refuses the export ${name}: ${data.toString() || type.toString(16)}`)
    }
    client.greeted = true
    return client
  }

  /** Each resolves once the server has acknowledged it; throws RequestRefused or ConnectionLost. */
  write(offset: number, data: Uint8Array): Promise<void> {
    return this.request('write', offset, data.length, data)
  }

  zero(offset: number, length: number): Promise<void> {
    return this.request('zero', offset, length)
  }

  trim(offset: number, length: number): Promise<void> {
    return this.request('trim', offset, length)
  }

  flush(): Promise<void> {
    return this.request('flush', 0, 0)
  }

  close(): void {
    if (this.gone === undefined) this.socket.end(header('disconnect', 0n, 0, 0))
  }

  private request(command: keyof typeof COMMANDS, offset: number, length: number, data?: Uint8Array): Promise<void> {
    if (this.gone !== undefined) return Promise.reject(this.gone)
    const handle = this.nextHandle++
    const answered = new Promise<void>((resolve, reject) => this.waiting.set(handle, { resolve, reject }))
    this.socket.write(header(command, handle, offset, length))
    if (data !== undefined) this.socket.write(data)
    return answered
  }

  /** Reads so many bytes of the greeting. */
  private read(bytes: number): Promise<Buffer> {
    if (this.gone !== undefined) return Promise.reject(this.gone)
    const read = new Promise<Buffer>((resolve, reject) => {
      this.reading = { bytes, resolve, reject }
    })
    this.take()
    return read
  }

  private take(): void {
    if (this.greeted) this.takeReplies()
    const { reading } = this
    if (reading === undefined || this.received.length < reading.bytes) return
    this.reading = undefined
    reading.resolve(this.cut(reading.bytes))
  }

  private takeReplies(): void {
    while (this.received.length >= SIMPLE_REPLY_BYTES) {
      const reply = this.cut(SIMPLE_REPLY_BYTES)
      if (reply.readUInt32BE(0) !== SIMPLE_REPLY_MAGIC) {
        this.socket.destroy(new Error('the NBD server answers garbage'))
        return
      }
      const handle = reply.readBigUInt64BE(8)
      const errno = reply.readUInt32BE(4)
      if (errno === 0) this.waiting.get(handle)?.resolve()
      else this.waiting.get(handle)?.reject(new RequestRefused(`the NBD server refused a request with errno ${errno}`))
      this.waiting.delete(handle)
    }
  }

  private cut(bytes: number): Buffer {
    const piece = this.received.subarray(0, bytes)
    this.received = this.received.subarray(bytes)
    return piece
  }
}

function optionGo(name: string): Buffer {
  const bytes = Buffer.from(name)
  const option = Buffer.alloc(16 + 4 + bytes.length + 2)
  OPTION_MAGIC.copy(option)
  option.writeUInt32BE(OPTION_GO, 8)
  option.writeUInt32BE(4 + bytes.length + 2, 12)
  option.writeUInt32BE(bytes.length, 16)
  bytes.copy(option, 20)
  return option
}

function header(command: keyof typeof COMMANDS, handle: bigint, offset: number, length: number): Buffer {
  const request = Buffer.alloc(28)
  request.writeUInt32BE(REQUEST_MAGIC)
  request.writeUInt16BE(COMMANDS[command], 6)
  request.writeBigUInt64BE(handle, 8)
  request.writeBigUInt64BE(BigInt(offset), 16)
  request.writeUInt32BE(length, 24)
  return request
}

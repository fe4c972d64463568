import { PassThrough, type Readable, Writable } from 'node:stream'
import type { BrokenLab } from '../../errors.ts'
import type { CommandEnding } from '../command_failed.ts'
import type { Running } from '../machine.ts'
import { encodeFrame, encodeRun, type Frame, FrameReader } from './frames.ts'

/** UML's serial line stalls for ever once about 3.9 KiB lie unread in the guest. */
const WINDOW_BYTES = 2048
const INPUT_PIECE_BYTES = 1024
const SIGKILL = 9

interface Command {
  readonly stdout: PassThrough
  readonly stderr: PassThrough
  settle(ending: CommandEnding): void
  fail(error: Error): void
}

/** The host's end of the line to a guest's agent: many commands at once over two byte streams. */
export class GuestConnection {
  readonly ready: Promise<string>
  private readonly commands = new Map<number, Command>()
  private readonly reader = new FrameReader()
  private readonly toGuest: Writable
  private readonly waiting: { data: Buffer; sent: () => void }[] = []
  private unanswered = 0
  private takenByGuest = 0
  private nextId = 1
  private death: BrokenLab | undefined
  private announceReady: (kernel: string) => void = () => {}
  private failReady: (error: Error) => void = () => {}

  constructor(toGuest: Writable, fromGuest: Readable) {
    this.toGuest = toGuest
    this.ready = new Promise((resolve, reject) => {
      this.announceReady = resolve
      this.failReady = reject
    })
    this.ready.catch(() => {})
    toGuest.on('error', () => {}) // the guest's end is reported by fail()
    fromGuest.on('data', (data: Buffer) => {
      for (const frame of this.reader.push(data)) this.receive(frame)
    })
  }

  start(argv: readonly string[], env: Readonly<Record<string, string>>): Running {
    if (this.death !== undefined) throw this.death
    const id = this.nextId++
    const stdout = new PassThrough()
    const stderr = new PassThrough()
    const ended = new Promise<CommandEnding>((resolve, reject) => {
      this.commands.set(id, { stdout, stderr, settle: resolve, fail: reject })
    })
    ended.catch(() => {})
    this.send(encodeFrame('R', id, encodeRun(argv, env)))
    return {
      stdin: this.inputOf(id),
      stdout,
      stderr,
      ended,
      kill: (signal = SIGKILL) => void this.send(encodeFrame('K', id, Buffer.from(String(signal)))),
    }
  }

  /** The guest is gone: everything under way and everything asked later fails with this error. */
  fail(error: BrokenLab): void {
    this.death ??= error
    this.failReady(error)
    for (const [id, command] of this.commands) {
      this.commands.delete(id)
      command.fail(error)
      command.stdout.end()
      command.stderr.end()
    }
    for (const { sent } of this.waiting.splice(0)) sent()
  }

  private inputOf(id: number): Writable {
    return new Writable({
      write: (data: Buffer, _encoding, done) => {
        const pieces = Math.ceil(data.length / INPUT_PIECE_BYTES)
        const sent = Array.from({ length: pieces }, (_, piece) =>
          this.send(encodeFrame('I', id, data.subarray(piece * INPUT_PIECE_BYTES, (piece + 1) * INPUT_PIECE_BYTES))),
        )
        Promise.all(sent).then(() => done())
      },
      final: (done) => {
        this.send(encodeFrame('E', id)).then(() => done())
      },
    })
  }

  private send(data: Buffer): Promise<void> {
    return new Promise((sent) => {
      this.waiting.push({ data, sent })
      this.pump()
    })
  }

  private pump(): void {
    if (this.death !== undefined) {
      for (const { sent } of this.waiting.splice(0)) sent()
      return
    }
    while (this.unanswered < WINDOW_BYTES) {
      const next = this.waiting[0]
      if (next === undefined) return
      const piece = next.data.subarray(0, WINDOW_BYTES - this.unanswered)
      this.toGuest.write(piece)
      this.unanswered += piece.length
      next.data = next.data.subarray(piece.length)
      if (next.data.length > 0) return
      this.waiting.shift()
      next.sent()
    }
  }

  private receive({ type, id, payload }: Frame): void {
    if (type === 'H') this.announceReady(payload.toString())
    else if (type === 'A') this.takeAnswer(payload.readUInt32BE(0))
    else this.receiveOf(id, type, payload)
  }

  private takeAnswer(takenByGuest: number): void {
    this.unanswered -= (takenByGuest - this.takenByGuest) >>> 0
    this.takenByGuest = takenByGuest
    this.pump()
  }

  private receiveOf(id: number, type: string, payload: Buffer): void {
    const command = this.commands.get(id)
    if (command === undefined) return
    if (type === 'O') command.stdout.write(payload)
    else if (type === 'X') command.stderr.write(payload)
    else if (type === 'S' || type === 'F') {
      this.commands.delete(id)
      command.stdout.end()
      command.stderr.end()
      command.settle(type === 'F' ? { how: 'not-started', why: payload.toString() } : parseEnding(payload.toString()))
    }
  }
}

function parseEnding(text: string): CommandEnding {
  const [how, number] = text.split(' ')
  return how === 'signal' ? { how, signal: Number(number) } : { how: 'exit', code: Number(number) }
}

import { mkdir, writeFile } from 'node:fs/promises'
import { constants } from 'node:os'
import { join } from 'node:path'
import { type DirectoryResult, dir } from 'tmp-promise'
import type { CommandEnding } from '../../harness/machine/command_failed.ts'
import { startHere } from '../../harness/machine/native.ts'
import { type DriverSetup, PROTOCOL } from '../../harness/protocol/verbs.ts'
import { within } from '../../harness/timers.ts'
import { MiB } from '../../harness/units.ts'

/** A driver that runs on this machine as an ordinary program. It gets a folder, and in place of a device a file of stale bytes. */
export class DriverProgram implements AsyncDisposable {
  readonly setup: DriverSetup
  private readonly root: DirectoryResult
  private readonly argv: readonly string[]
  private running: ReturnType<typeof startHere>
  private received = Buffer.alloc(0)
  private logged = ''
  private lastId = 0

  private constructor(root: DirectoryResult, argv: readonly string[], setup: DriverSetup) {
    this.root = root
    this.argv = argv
    this.setup = setup
    this.running = this.start()
  }

  static async start(argv: readonly string[]): Promise<DriverProgram> {
    const root = await dir({ prefix: 'holeproof-driver-program', unsafeCleanup: true })
    const device = join(root.path, 'device')
    const folder = join(root.path, 'folder')
    await writeFile(device, Buffer.alloc(OLD_BYTES, OLD))
    await mkdir(folder)
    return new DriverProgram(root, argv, {
      protocol: PROTOCOL,
      prefix: 'holeproof_test_driver',
      device: { path: device, size_bytes: OLD_BYTES },
      folder,
      machine: 'here',
      options: {},
    })
  }

  /** The output that was not taken yet. */
  get output(): Buffer {
    return this.received
  }

  get log(): string {
    return this.logged
  }

  sendText(text: string): void {
    this.running.stdin.write(text)
  }

  /** Sends a call and gives its id. */
  send(method: string, params: object = {}): number {
    const id = ++this.lastId
    this.sendText(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`)
    return id
  }

  /** Takes the next line that it writes. */
  async line(): Promise<string> {
    await this.until(() => this.received.includes('\n'), 'a line')
    const at = this.received.indexOf('\n')
    const line = this.received.subarray(0, at).toString()
    this.received = this.received.subarray(at + 1)
    return line
  }

  /** Calls, and returns the next line parsed. */
  async call(method: string, params: object = {}): Promise<unknown> {
    this.send(method, params)
    return JSON.parse(await this.line())
  }

  async setUp(): Promise<unknown> {
    return this.call('do_setup', this.setup)
  }

  /** Closes its input and gives how it ended; undefined when it did not within `ms`. */
  async close(ms = PATIENCE_MS): Promise<CommandEnding | undefined> {
    this.running.stdin.end()
    return this.endsWithin(ms)
  }

  endsWithin(ms = PATIENCE_MS): Promise<CommandEnding | undefined> {
    return within(this.running.ended, ms)
  }

  /** Resolves when the process itself has ended, also where children hold its output open. */
  get exited(): Promise<void> {
    return this.running.exited
  }

  signal(signal: number): void {
    this.running.kill(signal)
  }

  async restart(): Promise<void> {
    await this.close()
    this.running = this.start()
    await this.setUp()
  }

  /** Waits until a condition holds. Throws with the name of what was awaited when it does not. */
  async until(holds: () => boolean, wanted: string): Promise<void> {
    for (const began = Date.now(); !holds(); await new Promise((resolve) => setTimeout(resolve, 5)))
      if (Date.now() - began > PATIENCE_MS)
        throw new Error(`no ${wanted} came; got ${JSON.stringify(this.received.toString().slice(0, 200))}, log ${this.logged}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.running.kill(constants.signals.SIGKILL)
    await this.endsWithin(PATIENCE_MS)
    await this.root.cleanup()
  }

  private start(): ReturnType<typeof startHere> {
    const running = startHere(this.argv, { TMPDIR: this.root.path })
    running.stdin.on('error', () => {}) // it may end without reading
    running.stdout.on('data', (data: Buffer) => {
      this.received = Buffer.concat([this.received, data])
    })
    running.stderr.on('data', (data: Buffer) => {
      this.logged = (this.logged + data.toString()).slice(-LOG_KEPT)
    })
    return running
  }
}

/** Stands for the bytes of a previous tenant. */
export const OLD = 0xa5
const OLD_BYTES = MiB
const PATIENCE_MS = 10_000
const LOG_KEPT = 10_000

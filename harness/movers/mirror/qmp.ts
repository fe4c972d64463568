import split from 'split2'
import { z } from 'zod'
import { messageOf } from '../../errors.ts'
import { describeEnding } from '../../machine/command_failed.ts'
import type { Running } from '../../machine/machine.ts'
import { within } from '../../timers.ts'

const ANSWER_SECONDS = 60

/** QEMU refused a command; the connection stands. */
export class CommandRefused extends Error {
  override name = 'CommandRefused'
}

/** `unknown`: QEMU did not say where it failed. */
type MirrorSide = 'source' | 'destination' | 'unknown'

/** A mirror could not read its source, or not write to its destination. */
export class MirrorFailed extends Error {
  override name = 'MirrorFailed'
  readonly side: MirrorSide

  constructor(message: string, side: MirrorSide) {
    super(message)
    this.side = side
  }
}

const messageSchema = z.union([
  z.object({ QMP: z.object({ version: z.object({ qemu: z.object({ major: z.number(), minor: z.number(), micro: z.number() }) }) }) }),
  z.object({ event: z.string(), data: z.record(z.string(), z.unknown()).default({}) }),
  z.object({ return: z.unknown(), id: z.number() }),
  z.object({ error: z.object({ desc: z.string() }), id: z.number() }),
])
type Message = z.infer<typeof messageSchema>

/** The states of QEMU's JobStatus that are waited for. */
type JobStatus = 'ready' | 'concluded'

interface Waiting {
  resolve(value: unknown): void
  reject(error: Error): void
}

/** The machine protocol of a QEMU program that speaks it on its standard streams (QEMU documentation, "QEMU QMP Reference Manual"). */
export class Qmp {
  private readonly process: Running
  private readonly waiting = new Map<number, Waiting>()
  private readonly jobs = new Map<string, string>()
  private readonly failures = new Map<string, string>()
  private readonly failedSides = new Map<string, MirrorSide>()
  private readonly exportsGone = new Set<string>()
  private watchers: (() => void)[] = []
  private lastId = 0
  private greeted: string | undefined
  private gone: Error | undefined
  private said = ''

  private constructor(process: Running) {
    this.process = process
    process.stdin.on('error', () => {}) // how the process ended says more
    process.stderr.on('data', (data: Buffer) => {
      this.said = (this.said + data.toString()).slice(-2000)
    })
    process.stdout.pipe(split()).on('data', (line: string) => this.receive(line))
    process.ended.then(
      (ending) => this.fail(new Error(`qemu-storage-daemon ${describeEnding(ending)}${this.said === '' ? '' : `: ${this.said.trim()}`}`)),
      (error: unknown) => this.fail(new Error(messageOf(error), { cause: error })),
    )
  }

  /** Greets a program that has just been started. Throws when it ends before it answers. */
  static async open(process: Running): Promise<{ qmp: Qmp; version: string }> {
    const qmp = new Qmp(process)
    const greeted = qmp.until(() => qmp.greeted !== undefined).then(() => true)
    if ((await within(greeted, ANSWER_SECONDS * 1000)) === undefined)
      throw new Error(`qemu-storage-daemon did not greet within ${ANSWER_SECONDS} s`)
    await qmp.execute('qmp_capabilities')
    return { qmp, version: qmp.greeted ?? '' }
  }

  /** Runs a command. Commands that are sent without waiting run one after the other. Throws CommandRefused, or an Error when QEMU is gone. */
  async execute(command: string, args?: object): Promise<unknown> {
    if (this.gone !== undefined) throw this.gone
    const id = ++this.lastId
    const answered = new Promise<unknown>((resolve, reject) => this.waiting.set(id, { resolve, reject }))
    answered.catch(() => {})
    this.process.stdin.write(`${JSON.stringify({ execute: command, ...(args && { arguments: args }), id })}\n`)
    const answer = await within(
      answered.then((value) => ({ value })),
      ANSWER_SECONDS * 1000,
    )
    if (answer === undefined) throw new Error(`qemu-storage-daemon did not answer ${command} within ${ANSWER_SECONDS} s`)
    return answer.value
  }

  /** Waits for a state of a job. Throws when the job concludes before, with its error if it has one, and when QEMU is gone. */
  async untilJob(job: string, wanted: JobStatus): Promise<void> {
    await this.until(() => this.jobs.get(job) === wanted || this.jobs.get(job) === 'concluded')
    const failure = this.failures.get(job)
    if (failure !== undefined) throw new MirrorFailed(`the mirror failed: ${failure}`, this.failedSides.get(job) ?? 'unknown')
    if (this.jobs.get(job) !== wanted) throw new Error('the mirror was cancelled')
  }

  /** Waits until an export that is being deleted holds its volume no longer. */
  untilExportGone(id: string): Promise<void> {
    return this.until(() => this.exportsGone.has(id))
  }

  get ended(): boolean {
    return this.gone !== undefined
  }

  /** Whether a job is still there, whatever it does. */
  runs(job: string): boolean {
    const status = this.jobs.get(job)
    return status !== undefined && status !== 'concluded' && status !== 'null'
  }

  private async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      if (this.gone !== undefined) throw this.gone
      await new Promise<void>((resolve) => this.watchers.push(resolve))
    }
  }

  private receive(line: string): void {
    const message = parse(line)
    if (message === undefined) this.fail(new Error(`qemu-storage-daemon does not speak QMP: ${line.slice(0, 200)}`))
    else if ('QMP' in message) {
      const { major, minor, micro } = message.QMP.version.qemu
      this.greeted = `${major}.${minor}.${micro}`
    } else if ('event' in message) this.note(message.event, message.data)
    else {
      const waiting = this.waiting.get(message.id)
      this.waiting.delete(message.id)
      if ('error' in message) waiting?.reject(new CommandRefused(message.error.desc))
      else waiting?.resolve(message.return)
    }
    this.tellWatchers()
  }

  private note(event: string, data: Readonly<Record<string, unknown>>): void {
    if (event === 'JOB_STATUS_CHANGE') this.jobs.set(String(data.id), String(data.status))
    if (event === 'BLOCK_JOB_ERROR') this.failedSides.set(String(data.device), data.operation === 'read' ? 'source' : 'destination')
    if (event === 'BLOCK_EXPORT_DELETED') this.exportsGone.add(String(data.id))
    if (event === 'BLOCK_JOB_COMPLETED' && typeof data.error === 'string') this.failures.set(String(data.device), data.error)
  }

  private fail(error: Error): void {
    this.gone ??= error
    for (const { reject } of this.waiting.values()) reject(this.gone)
    this.waiting.clear()
    this.tellWatchers()
  }

  private tellWatchers(): void {
    for (const tell of this.watchers.splice(0)) tell()
  }
}

function parse(line: string): Message | undefined {
  try {
    return messageSchema.parse(JSON.parse(line))
  } catch {
    return undefined
  }
}

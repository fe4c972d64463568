import { setMaxListeners } from 'node:events'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { CleanupStack } from '../cleanup_stack.ts'
import { BrokenLab, messageOf } from '../errors.ts'
import type { Helper } from '../helper/client.ts'
import { describeEnding } from '../machine/command_failed.ts'
import { type Finished, type Machine, type RunOptions, runOrThrow } from '../machine/machine.ts'
import type { BytesMoved } from '../result/evidence.ts'

/** One command as it ran: for the record of a cell. */
export interface CommandRecord {
  readonly argv: readonly string[]
  readonly ending: string
  readonly seconds: number
  /** Standard output and error, shortened. */
  readonly output: string
}

export interface LabOptions {
  readonly machine: Machine
  readonly helper: Helper
  /** Starts the name of everything that the lab makes. */
  readonly prefix: string
  /** The lab's own folder below the machine's shared one. */
  readonly folder: string
  readonly seed: number
  readonly signal?: AbortSignal
}

const OUTPUT_KEPT = 2000
/** Tags have 42 bits: 21 for the seed, 21 to count. */
const SEEDS = 2 ** 21
const TAGS_A_SEED = 2 ** 21

/** One scenario's private corner of a machine. Everything is registered before it is acquired, and released last-in-first-out. */
export class Lab {
  readonly machine: Machine
  readonly helper: Helper
  readonly prefix: string
  readonly folder: string
  readonly seed: number
  readonly commands: CommandRecord[] = []
  /** The bytes that each copy moved, in order. */
  readonly copies: BytesMoved[] = []
  private readonly owned = new CleanupStack()
  private readonly stop = new AbortController()
  private readonly forgetSignal: () => void
  private readonly parent: Lab | undefined
  /** The number of releases under way here or in a lab within. Their commands must not be stopped. */
  private releasing = 0
  private children = 0
  private readonly living = new Set<Lab>()
  private nextTag = 0
  private nextName = 0

  private constructor(options: LabOptions, parent?: Lab) {
    this.parent = parent
    this.machine = options.machine
    this.helper = options.helper
    this.prefix = options.prefix
    this.folder = options.folder
    this.seed = options.seed
    // Each lab within listens for as long as it lives.
    setMaxListeners(0, this.stop.signal)
    const { signal } = options
    const abort = () => this.stop.abort()
    if (signal?.aborted) abort()
    signal?.addEventListener('abort', abort, { once: true })
    this.forgetSignal = () => signal?.removeEventListener('abort', abort)
  }

  static async open(options: LabOptions, parent?: Lab): Promise<Lab> {
    await mkdir(options.folder, { recursive: true })
    return new Lab(options, parent)
  }

  /** A lab within this one, released on its own before this one is. */
  async child(): Promise<Lab> {
    const name = `${++this.children}`
    const lab = await Lab.open(
      {
        machine: this.machine,
        helper: this.helper,
        prefix: `${this.prefix}_${name}`,
        folder: join(this.folder, `${this.prefix}_${name}`),
        seed: this.seed,
        signal: this.stop.signal,
      },
      this,
    )
    this.living.add(lab)
    return lab
  }

  /** A name for a device or a volume group, unique in the lab. */
  name(of: string): string {
    return `${this.prefix}_${of}${++this.nextName}`
  }

  /** A tag for a stamp or a poison, derived from the seed; no other lab of this machine gets the same. */
  tag(): number {
    return this.parent?.tag() ?? (this.seed % SEEDS) * TAGS_A_SEED + ++this.nextTag
  }

  /** Registers how a thing is released, then acquires it. `release` must cope with a thing that was never made. */
  async own<Thing>(what: string, acquire: () => Promise<Thing>, release: () => Promise<void>): Promise<Thing> {
    this.stop.signal.throwIfAborted()
    this.owned.add(what, release)
    return acquire()
  }

  /** Runs a command in the machine and keeps it on record. Stopping the lab stops it, except while the lab is released. */
  run(argv: readonly string[], options: RunOptions = {}): Promise<Finished> {
    return this.recorded(argv, (signal) => this.machine.run(argv, { ...options, ...(signal && { signal }) }))
  }

  /**
   * Does what one of the small commands in kernel_calls.pl does, without its process, and keeps the command on record. Returns its
   * standard output. Throws CommandFailed when it fails. A stopped lab throws, as when it acquires.
   */
  perform(argv: readonly string[]): Promise<string> {
    const perform = (signal?: AbortSignal) => {
      signal?.throwIfAborted()
      return this.helper.perform(argv)
    }
    return runOrThrow({ run: () => this.recorded(argv, perform) }, argv)
  }

  /** Keeps a command on record that `run` performs. The signal stops it; there is none while the lab is released. */
  async recorded(argv: readonly string[], run: (signal?: AbortSignal) => Promise<Finished>): Promise<Finished> {
    const finished = await run(this.releasing === 0 ? this.stop.signal : undefined)
    const output = `${finished.stdout}${finished.stderr}`
    this.record({
      argv,
      ending: describeEnding(finished.ending),
      seconds: finished.seconds,
      output: output.length > OUTPUT_KEPT ? `${output.slice(0, OUTPUT_KEPT)}...` : output,
    })
    return finished
  }

  /** Records a command, also in the labs within this one: a cell's source belongs to the lab of its test bed. */
  private record(command: CommandRecord): void {
    this.commands.push(command)
    for (const child of this.living) child.record(command)
  }

  /** Records what a copy moved, also in the labs within this one: a source's driver copies in the lab of its test bed. */
  recordCopy(moved: BytesMoved): void {
    this.copies.push(moved)
    for (const child of this.living) child.recordCopy(moved)
  }

  /** Stops the commands under way and refuses new acquisitions. */
  abort(): void {
    this.stop.abort()
  }

  get signal(): AbortSignal {
    return this.stop.signal
  }

  /**
   * Releases everything, last acquired first, going on after errors, then looks for leaks. Returns what went wrong, one line
   * each: empty is clean.
   */
  async release(): Promise<string[]> {
    this.countRelease(1)
    try {
      return await this.releaseAll()
    } finally {
      this.countRelease(-1)
    }
  }

  private countRelease(step: 1 | -1): void {
    this.releasing += step
    this.parent?.countRelease(step)
  }

  private async releaseAll(): Promise<string[]> {
    const faults: string[] = []
    // One may release others: what is kept for it.
    for (const child of [...this.living]) if (this.living.has(child)) faults.push(...(await child.release()))
    this.parent?.living.delete(this)
    this.forgetSignal()
    // With a machine that is gone, everything in it is gone too.
    const unreleased = await this.owned.runAll((error) => error instanceof BrokenLab)
    faults.push(...unreleased.map(({ what, error }) => `could not release ${what}: ${messageOf(error)}`))
    try {
      faults.push(...(await this.leaks()))
    } catch (error) {
      faults.push(`could not look for leaks: ${messageOf(error)}`)
    }
    await rm(this.folder, { recursive: true, force: true }).catch((error: unknown) => faults.push(messageOf(error)))
    return faults
  }

  private async leaks(): Promise<string[]> {
    const { dmDevices, deviceFolders, loops, mounts } = await this.helper.inventory(this.prefix)
    const files = await readdir(this.folder)
    return [
      ...dmDevices.map((name) => `leaked device-mapper device ${name}`),
      ...deviceFolders.map((path) => `leaked device folder ${path}`),
      ...loops.map(({ device, file }) => `leaked loop device ${device} (${file})`),
      ...mounts.map((point) => `leaked mount ${point}`),
      ...files.map((name) => `leaked file ${join(this.folder, name)}`),
    ]
  }
}

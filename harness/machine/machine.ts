import type { Readable, Writable } from 'node:stream'
import { type CommandEnding, CommandFailed } from './command_failed.ts'

export type MachineKind = 'native' | 'uml' | 'qemu'

export interface MachineChoice {
  readonly kind: MachineKind
  /** The kernel of UML guests: a version, `distribution` or `newest` (the default). */
  readonly kernel?: string
}

export interface Finished {
  readonly argv: readonly string[]
  readonly ending: CommandEnding
  readonly stdout: Buffer
  readonly stderr: Buffer
  readonly seconds: number
}

export interface StartOptions {
  /** Added to the machine's own environment. */
  readonly env?: Readonly<Record<string, string>>
}

export interface RunOptions extends StartOptions {
  readonly stdin?: Uint8Array | string
  /** Default 120. The command's process group is killed then. */
  readonly timeoutSeconds?: number
  readonly signal?: AbortSignal
}

/** A command under way, with its streams. Killing it kills its whole process group. */
export interface Running {
  readonly stdin: Writable
  readonly stdout: Readable
  readonly stderr: Readable
  /** Settles after all output has been delivered. Rejects with BrokenLab when the machine dies meanwhile. */
  readonly ended: Promise<CommandEnding>
  kill(signal?: number): void
}

/** Where commands run: this kernel (`native`) or a guest's. Everything above sees only this. */
export interface Machine {
  readonly kind: MachineKind
  /** Unique within a run, e.g. `uml1`. */
  readonly name: string
  readonly kernel: string
  /** A folder with the same absolute path here and in the machine, writable from both sides. */
  readonly shared: string
  start(argv: readonly string[], options?: StartOptions): Promise<Running>
  /** Runs to the end. Never rejects for how the command ended; rejects with BrokenLab when the machine fails. */
  run(argv: readonly string[], options?: RunOptions): Promise<Finished>
  /**
   * Loads modules of the machine's kernel, in this order, with what they need. One that is built in is passed over; one that
   * cannot be had shows where it is used.
   */
  loadModules(names: readonly string[]): Promise<void>
  close(): Promise<void>
}

/** Runs a command that must exit with 0 and gives its standard output. Throws CommandFailed otherwise. */
export async function runOrThrow(machine: Pick<Machine, 'run'>, argv: readonly string[], options?: RunOptions): Promise<string> {
  const finished = await machine.run(argv, options)
  if (finished.ending.how === 'exit' && finished.ending.code === 0) return finished.stdout.toString()
  throw new CommandFailed(argv, finished.ending, `${finished.stdout}${finished.stderr}`)
}

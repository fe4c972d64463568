import { BrokenLab, messageOf } from '../errors.ts'
import { notShownCopy } from '../explore/run_copies.ts'
import { CommandFailed } from '../machine/command_failed.ts'
import type { MachineChoice } from '../machine/machine.ts'
import type { KernelRun } from '../result/kernels.ts'
import type { Result } from '../result/result.ts'
import { endedResult } from '../result/verdicts.ts'
import { STOPPED } from '../testbed/queue.ts'
import { notShown } from './run_cells.ts'
import { type VerifyOptions, verify } from './verify.ts'

/** A kernel to run on: its machine, or the error that there is in place of one. */
export interface KernelChoice {
  /** As `uname -r` prints it; as it was asked for if that is not known; the kind of a machine whose kernel was not chosen. */
  readonly kernel: string
  /** As it was asked for. */
  readonly asked?: string
  readonly machine: MachineChoice | Error
}

/** A kernel with a machine. */
export interface BootedKernel extends KernelChoice {
  readonly machine: MachineChoice
}

/** The main job on each of several kernels, with the same seed. */
export interface KernelsOptions extends Omit<VerifyOptions, 'machine' | 'repeat' | 'onEvent'> {
  readonly repeat: (named: { readonly id: string }, kernel: KernelChoice) => string
  /** Called when the run on a kernel begins. Returns what receives its events. */
  readonly onKernel: (kernel: BootedKernel) => VerifyOptions['onEvent']
  /** Called when the run on a kernel has ended, before the next one begins. */
  readonly onEnded: (run: KernelRun) => Promise<void>
}

/**
 * Runs the cells on one kernel after the other. After the signal no further kernel is begun. A kernel that cannot be used leaves its
 * cells not-shown. If none can, it throws their errors.
 */
export async function verifyOnKernels(kernels: readonly KernelChoice[], options: KernelsOptions): Promise<KernelRun[]> {
  const runs: KernelRun[] = []
  const failures: Error[] = []
  for (const choice of kernels) {
    const { kernel } = choice
    const ended = options.signal.aborted ? notRun(STOPPED, choice, options) : await verifyOn(choice, options)
    if (ended instanceof Error) failures.push(ended)
    const run =
      ended instanceof Error
        ? { kernel, result: notRun(firstLine(ended), choice, options), lacks: messageOf(ended) }
        : { kernel, result: ended }
    runs.push(run)
    await options.onEnded(run)
  }
  throwIfAll(failures, kernels.length)
  return runs
}

/** Throws if all of so many failed: the error if it is one, else BrokenLab with the reason of each. */
export function throwIfAll(failures: readonly Error[], count: number): void {
  if (failures.length < count) return
  const [first, ...others] = failures
  throw others.length === 0 ? first : new BrokenLab(failures.map(messageOf).join('\n'))
}

/** Reports whether an error means that a kernel cannot be used here. Any other is a fault of the request or of holeproof. */
export function isLabFailure(error: unknown): error is BrokenLab | CommandFailed {
  return error instanceof BrokenLab || error instanceof CommandFailed
}

async function verifyOn(choice: KernelChoice, options: KernelsOptions): Promise<Result | Error> {
  const { machine } = choice
  if (machine instanceof Error) return machine
  try {
    const onEvent = options.onKernel({ ...choice, machine })
    return await verify({ ...options, machine, onEvent, repeat: (named) => options.repeat(named, choice) })
  } catch (error) {
    if (isLabFailure(error)) return error
    throw error
  }
}

/** The result of a kernel that did not run. */
function notRun(reason: string, choice: KernelChoice, options: KernelsOptions): Result {
  const { version, seed, brokenRule, cells, copies, signal } = options
  const repeat = (named: { readonly id: string }) => options.repeat(named, choice)
  return endedResult(
    {
      version,
      seed,
      ...(brokenRule !== undefined && { brokenRule }),
      machines: [],
      cells: cells.map((cell) => notShown(cell, reason, repeat(cell))),
      copies: copies.map((copy) => notShownCopy(copy, reason, { repeat })),
      certificates: [],
      leaks: [],
    },
    new Date(),
    signal,
  )
}

function firstLine(error: Error): string {
  return messageOf(error).split('\n')[0] ?? ''
}

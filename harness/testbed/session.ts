import { BrokenLab, messageOf } from '../errors.ts'
import { helperProgram } from '../helper/bundle.ts'
import { makeRunFolder, type RunFolder } from '../lab/run_folder.ts'
import type { Machine, MachineChoice, MachineKind } from '../machine/machine.ts'
import { openNative } from '../machine/native.ts'
import { demandGnuDd, readToolVersions, type ToolVersions } from '../machine/tool_versions.ts'
import type { Mover } from '../movers/mover.ts'
import type { Result } from '../result/result.ts'
import { endedResult } from '../result/verdicts.ts'
import { MiB } from '../units.ts'
import { GUEST_MIB, guestCount, openMachines } from './open_machines.ts'
import { TestBed } from './test_bed.ts'

export interface SessionOptions {
  readonly machine: MachineChoice
  /** The number of machines that the run can use. */
  readonly machines: number
  /** The images of the largest cell, in bytes. */
  readonly imageBytes: number
  /** Bytes that the NFS server of a machine can hold; default: enough for the matrix. */
  readonly nfsBytes?: number
  /** The memory of each guest; default: enough for holeproof's own programs. */
  readonly memoryMiB?: number
  readonly seed: number
  readonly mover: Mover
  readonly signal?: AbortSignal
}

/** A run's folder, machines and test beds, from first to last. */
export class Session {
  readonly testBeds: readonly TestBed[]
  private readonly folder: RunFolder
  private readonly machines: readonly Machine[]
  private readonly tools: ToolVersions

  private constructor(folder: RunFolder, machines: readonly Machine[], tools: ToolVersions, testBeds: readonly TestBed[]) {
    this.folder = folder
    this.machines = machines
    this.tools = tools
    this.testBeds = testBeds
  }

  /** Throws BrokenLab when there is no room, a machine does not start, its dd is not GNU's, or the run is stopped before; nothing is left then. */
  static async open(options: SessionOptions): Promise<Session> {
    const { memoryMiB = GUEST_MIB } = options
    const count = options.machine.kind === 'native' ? 1 : guestCount(options.machines)
    const folder = await makeRunFolder(options.imageBytes + count * memoryMiB * MiB)
    let machines: Machine[] = []
    try {
      // Both are ready when the guests have booted. Their programs are this system's, which answer sooner here.
      const helper = helperProgram()
      const versions = readToolVersions(openNative('here', folder.path))
      for (const ready of [helper, versions]) ready.catch(() => {}) // the machines' own failure comes first
      machines = await openMachines(options.machine, folder.path, count, memoryMiB)
      const tools = await versions
      demandGnuDd(tools)
      const testBeds = await Promise.all(machines.map((machine) => TestBed.open(machine, { ...options, prefix: folder.prefix })))
      return new Session(folder, machines, tools, testBeds)
    } catch (error) {
      for (const machine of machines) await machine.close()
      await folder.remove()
      throw options.signal?.aborted ? new BrokenLab('the run was stopped before it began', { cause: error }) : error
    }
  }

  /** For the record of a run. */
  get machinesUsed(): { name: string; kind: MachineKind; kernel: string; tools: ToolVersions }[] {
    return this.machines.map(({ name, kind, kernel }) => ({ name, kind, kernel, tools: this.tools }))
  }

  /** Releases everything; returns what was left behind or could not be released, one line each. */
  async close(): Promise<string[]> {
    const faults = (await Promise.all(this.testBeds.map((testBed) => testBed.close()))).flat()
    await Promise.all(this.machines.map((machine) => machine.close().catch((error: unknown) => faults.push(messageOf(error)))))
    await this.folder.remove()
    return faults
  }
}

/** The results of a run, as far as it ran. */
export interface RunParts extends Partial<Pick<Result, 'cells' | 'copies' | 'certificates'>> {
  readonly leaks: readonly string[]
}

/** Runs in a session that is closed whatever happens. Returns the result of the run, with what the session left behind. */
export async function runInSession(
  options: SessionOptions & { readonly version: string; readonly brokenRule?: string; readonly signal: AbortSignal },
  run: (session: Session) => Promise<RunParts>,
): Promise<Result> {
  const startedAt = new Date()
  const { version, seed, brokenRule, signal } = options
  const session = await Session.open(options)
  let parts: RunParts
  let faults: string[] = []
  try {
    parts = await run(session)
  } finally {
    faults = await session.close()
  }
  const { cells = [], copies = [], certificates = [], leaks } = parts
  return endedResult(
    {
      version,
      seed,
      ...(brokenRule !== undefined && { brokenRule }),
      machines: session.machinesUsed,
      cells,
      copies,
      certificates,
      leaks: [...leaks, ...faults],
    },
    startedAt,
    signal,
  )
}

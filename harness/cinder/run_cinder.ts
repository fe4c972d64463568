import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { BrokenLab } from '../errors.ts'
import { openHelper } from '../helper/client.ts'
import { Lab } from '../lab/lab.ts'
import { makeRunFolder } from '../lab/run_folder.ts'
import type { Machine } from '../machine/machine.ts'
import { openMachines } from '../testbed/open_machines.ts'
import { MiB } from '../units.ts'
import type { CinderResult, RowResult } from './result.ts'
import { KINDS, type Row, SIDES } from './row.ts'
import { runRow } from './run_row.ts'
import { type Installation, USED_BYTES, WholeCinder } from './whole_cinder.ts'

/** Cinder's services take 400 MiB, and the guest caches what they read. */
const MEMORY_MIB = 2048

export interface CinderOptions extends Installation {
  /** The release, such as 29.0.0. */
  readonly version: string
  readonly rows: readonly Row[]
  readonly seed: number
  /** The kernel of the guest; default: the newest. */
  readonly kernel?: string
  readonly signal: AbortSignal
  /** Where Cinder's log goes. */
  readonly logFile: string
  readonly onRow: (result: RowResult) => void
  readonly log: (line: string) => void
}

/** Starts a release of Cinder in a guest of its own, runs the rows one after the other, and removes everything. */
export async function runCinder(options: CinderOptions): Promise<CinderResult> {
  const { kernel, seed, version, log } = options
  const startedAt = new Date()
  const folder = await makeRunFolder(SIDES.length * KINDS.length * USED_BYTES + MEMORY_MIB * MiB)
  let machines: Machine[] = []
  try {
    machines = await openMachines({ kind: 'uml', ...(kernel !== undefined && { kernel }) }, folder.path, 1, MEMORY_MIB)
    const [machine] = machines
    if (machine === undefined) throw new BrokenLab('no guest was started')
    const helper = await openHelper(machine)
    const { signal } = options
    const lab = await Lab.open({ machine, helper, prefix: folder.prefix, folder: join(folder.path, folder.prefix), seed, signal })
    const rows = await runRows(lab, options)
    const seconds = Math.round((Date.now() - startedAt.getTime()) / 1000)
    return { version: 1, cinder: version, kernel: machine.kernel, seed, startedAt: startedAt.toISOString(), seconds, rows }
  } finally {
    for (const machine of machines) await machine.close().catch((error: unknown) => log(String(error)))
    await folder.remove()
  }
}

async function runRows(lab: Lab, { rows, version, log, onRow, logFile, ...installation }: CinderOptions): Promise<RowResult[]> {
  const file = join(lab.folder, 'cinder', 'cinder.log')
  try {
    const cinder = await WholeCinder.start(lab, installation)
    log(`Cinder ${version} is up`)
    const results: RowResult[] = []
    for (const row of rows) {
      const result = await runRow(cinder, row)
      lab.signal.throwIfAborted()
      results.push(result)
      onRow(result)
    }
    return results
  } finally {
    await copyFile(file, logFile).catch(() => {}) // a guest that did not start has none
  }
}

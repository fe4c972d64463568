import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Bench } from '../../../harness/result/bench.ts'
import { KiB } from '../../../harness/units.ts'

/** The variable that marks every process of a measured run. */
export const BENCH_VARIABLE = 'HOLEPROOF_BENCH'
const SAMPLE_MS = 250
/** The most of the time that reading Pss may take. To read the Pss of a guest that holds 1 GiB takes 15 ms or more. */
const MOST_SHARE = 0.05
const MOST_WAIT_MS = 5000
/** Processes that share their memory differ by no more in size, because one may map something between two readings. */
const SAME_SIZE = 0.01

/** A process as the kernel lists it. Its start tells it apart from a later process with the same pid. */
export interface ProcessEntry {
  readonly pid: number
  readonly parent: number
  readonly started: string
  /** The size of its address space in bytes. */
  readonly size: number
  /** The addresses of its stack and its arguments; undefined if they are hidden. Only a clone of a process has the same ones. */
  readonly stack: string | undefined
}

/** Reads /proc/PID/stat (proc_pid_stat(5)). The name of the program may contain anything, even blanks and brackets. */
export function parseStat(stat: string): ProcessEntry | undefined {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [, parent] = fields
  const [started, size, stack, args] = [fields[19], fields[20], fields[25], fields[45]]
  const pid = Number.parseInt(stat, 10)
  if (parent === undefined || started === undefined || size === undefined || Number.isNaN(pid)) return undefined
  const isHidden = stack === undefined || args === undefined || stack === '0' || args === '0'
  return { pid, parent: Number(parent), started, size: Number(size), stack: isHidden ? undefined : `${stack} ${args}` }
}

/**
 * The processes of a run: the marked ones, those that were known to belong to it, and all their children. A guest's own processes have no
 * environment to read, and may have lost their parents.
 */
export function processesOfRun(
  all: readonly ProcessEntry[],
  isMarked: (entry: ProcessEntry) => boolean,
  known: ReadonlySet<string>,
): ProcessEntry[] {
  const members = new Set(all.filter((entry) => known.has(keyOf(entry)) || isMarked(entry)).map(({ pid }) => pid))
  for (let before = -1; before < members.size; ) {
    before = members.size
    for (const { pid, parent } of all) if (members.has(parent)) members.add(pid)
  }
  return all.filter(({ pid }) => members.has(pid))
}

/**
 * Leaves one process of those that share their memory. A guest's kernel is three of them, and each reports all of the guest's memory:
 * two guests of 1 GiB added up to 6 GiB.
 */
export function withDistinctMemory(entries: readonly ProcessEntry[]): ProcessEntry[] {
  const kept: ProcessEntry[] = []
  for (const entry of entries) {
    const isShared = ({ stack, size }: ProcessEntry) =>
      stack !== undefined && stack === entry.stack && Math.abs(size - entry.size) <= SAME_SIZE * Math.max(size, entry.size)
    if (!kept.some(isShared)) kept.push(entry)
  }
  return kept
}

export function keyOf({ pid, started }: ProcessEntry): string {
  return `${pid} ${started}`
}

/** The most memory that a run held at a time, and how it was measured. */
export interface Peak {
  readonly bytes: number
  readonly memory: Bench['memory']
}

/** Samples the memory of all processes whose environment has this mark, until it is stopped. */
export function watchMemory(mark: string): { stop(): Promise<Peak> } {
  const known = new Set<string>()
  const kinds = new Set<'pss' | 'rss'>()
  const stopped = new AbortController()
  let bytes = 0
  const watching = (async () => {
    while (!stopped.signal.aborted) {
      const processes = withDistinctMemory(await findProcesses(mark, known))
      const began = performance.now()
      const sizes = await Promise.all(processes.map(({ pid }) => memoryOf(pid)))
      for (const size of sizes) if (size !== undefined) kinds.add(size.kind)
      bytes = Math.max(
        bytes,
        sizes.reduce((sum, size) => sum + (size?.bytes ?? 0), 0),
      )
      const wait = Math.min(Math.max(SAMPLE_MS, (performance.now() - began) / MOST_SHARE), MOST_WAIT_MS)
      await sleep(wait, undefined, { signal: stopped.signal }).catch(() => {})
    }
  })()
  return {
    stop: async () => {
      stopped.abort()
      await watching
      return { bytes, memory: kinds.size > 1 ? 'mixed' : kinds.has('rss') ? 'rss' : 'pss' }
    },
  }
}

async function findProcesses(mark: string, known: Set<string>): Promise<ProcessEntry[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const found = await Promise.all(
    pids.map(async (pid) => {
      const [stat, environment] = await Promise.all(['stat', 'environ'].map((name) => readOrEmpty(`/proc/${pid}/${name}`)))
      const entry = parseStat(stat ?? '')
      return entry && { ...entry, isMarked: environment?.split('\0').includes(`${BENCH_VARIABLE}=${mark}`) === true }
    }),
  )
  const entries = found.filter((entry) => entry !== undefined)
  const marked = new Set(entries.filter(({ isMarked }) => isMarked).map(({ pid }) => pid))
  const members = processesOfRun(entries, ({ pid }) => marked.has(pid), known)
  for (const entry of members) known.add(keyOf(entry))
  return members
}

/** Undefined if the process has ended. A guest's processes share its memory, so only the proportional size (Pss) adds up. */
async function memoryOf(pid: number): Promise<{ readonly kind: 'pss' | 'rss'; readonly bytes: number } | undefined> {
  const pss = kibibytes(await readOrEmpty(`/proc/${pid}/smaps_rollup`), 'Pss')
  if (pss !== undefined) return { kind: 'pss', bytes: pss * KiB }
  const rss = kibibytes(await readOrEmpty(`/proc/${pid}/status`), 'VmRSS')
  return rss === undefined ? undefined : { kind: 'rss', bytes: rss * KiB }
}

/** Reads a line like `Pss:   1234 kB`. */
export function kibibytes(text: string, name: string): number | undefined {
  const number = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1]
  return number === undefined ? undefined : Number(number)
}

function readOrEmpty(path: string): Promise<string> {
  return readFile(path, 'latin1').catch(() => '')
}

import { readFileSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'

/** The cores this process may run on, by /proc/self/status (`Cpus_allowed_list: 0-1,4`). */
export function allowedCores(status = readFileSync('/proc/self/status', 'utf8')): number[] {
  const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(status)?.[1] ?? ''
  return list.split(',').flatMap((part) => {
    const [first = Number.NaN, last = first] = part.split('-').map(Number)
    return Number.isNaN(first) ? [] : Array.from({ length: last - first + 1 }, (_, index) => first + index)
  })
}

/**
 * The allowed cores, best first for another guest: those that the fewest guests are pinned to, whoever runs them. Of equals any
 * comes first; vitest's workers, which begin at once, begin with different ones.
 */
export async function freestCores(): Promise<number[]> {
  const pinned = await pinnedGuests()
  const cores = allowedCores()
  const first = Number(process.env.VITEST_POOL_ID ?? Math.floor(Math.random() * cores.length))
  const rated = cores.map((core, index) => ({
    core,
    guests: pinned.filter((some) => some === core).length,
    turn: (index + first) % cores.length,
  }))
  return rated.sort((a, b) => a.guests - b.guests || a.turn - b.turn).map(({ core }) => core)
}

/** For each UML guest that is pinned to a core, that core. */
async function pinnedGuests(): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const cores = await Promise.all(
    pids.map(async (pid): Promise<number[]> => {
      // A guest's first process begins its group; it may have ended since.
      const [stat, status] = await Promise.all(['stat', 'status'].map((name) => readFile(`/proc/${pid}/${name}`, 'utf8'))).catch(() => [])
      if (stat === undefined || !stat.startsWith(`${pid} (linux.uml) `) || groupOf(stat) !== pid) return []
      const allowed = allowedCores(status)
      return allowed.length === 1 ? allowed : []
    }),
  )
  return cores.flat()
}

/** The process group of proc_pid_stat(5). */
function groupOf(stat: string): string | undefined {
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]
}

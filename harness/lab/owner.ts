import { readFileSync } from 'node:fs'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'

const FILE = 'owner.json'
const NEW_SECONDS = 5
const ownerSchema = z.object({ pid: z.number().int(), started: z.string() })

/** Notes in a run's folder which process it belongs to, so that a sweep leaves a living run alone. */
export async function writeOwner(folder: string): Promise<void> {
  await writeFile(join(folder, FILE), JSON.stringify({ pid: process.pid, started: startOf(process.pid) }))
}

/** Whether the process that made this run's folder still lives. The start time tells it from a later one of the same pid. */
export async function ownerLives(folder: string): Promise<boolean> {
  const text = await readFile(join(folder, FILE), 'utf8').catch(() => '')
  if (text === '') return isNew(folder)
  const owner = ownerSchema.safeParse(JSON.parse(text))
  return owner.success && startOf(owner.data.pid) === owner.data.started
}

/** Between a folder and its owner's file lies a moment. */
async function isNew(folder: string): Promise<boolean> {
  const made = await stat(folder).catch(() => undefined)
  return made !== undefined && Date.now() - made.birthtimeMs < NEW_SECONDS * 1000
}

/** Field 22 of /proc/PID/stat (proc(5)): the start in clock ticks since boot; '' for a process that does not exist. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
  } catch {
    return ''
  }
}

import { readFileSync, readlinkSync } from 'node:fs'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'

const FILE = 'owner.json'
const NEW_SECONDS = 5
/** `world` is the namespace of the pid. Its name stays, so that no version's sweep takes a living run of another version for dead. */
const ownerSchema = z.object({ pid: z.number().int(), started: z.string(), world: z.string() })

/** `elsewhere`: made by another kernel or in another pid namespace, so whether its process lives cannot be seen from here. */
export type OwnerState = 'living' | 'dead' | 'elsewhere'

/** Notes in a run's folder which process it belongs to, so that a sweep leaves a living run alone. */
export async function writeOwner(folder: string): Promise<void> {
  await writeFile(join(folder, FILE), JSON.stringify({ pid: process.pid, started: startOf(process.pid), world: namespaceOfPids() }))
}

/**
 * The state of the process that made a run's folder. The start time tells it apart from a later process with the same pid. A folder
 * without an owner's file is waited for while it is new: its run is about to write one, or was killed before it could.
 */
export async function ownerState(folder: string): Promise<OwnerState> {
  const read = () => readFile(join(folder, FILE), 'utf8').catch(() => '')
  let text = await read()
  while (text === '' && (await isNew(folder))) {
    await sleep(100)
    text = await read()
  }
  if (text === '') return 'dead'
  const owner = ownerSchema.safeParse(parseJson(text))
  if (!owner.success) return 'dead' // cut short: its writer was killed
  if (owner.data.world !== namespaceOfPids()) return 'elsewhere'
  return startOf(owner.data.pid) === owner.data.started ? 'living' : 'dead'
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Between a folder and its owner's file lies a moment: when it is made, and when it is removed. */
async function isNew(folder: string): Promise<boolean> {
  const made = await stat(folder).catch(() => undefined)
  return made !== undefined && Date.now() - made.ctimeMs < NEW_SECONDS * 1000
}

/** Where a pid means what it says: this boot of this kernel, and this pid namespace. A guest and a container have others. */
function namespaceOfPids(): string {
  return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${readlinkSync('/proc/self/ns/pid')}`
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

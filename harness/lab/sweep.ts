import { readdirSync, readFileSync } from 'node:fs'
import { lstat, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf } from '../errors.ts'
import { takeInventory } from '../helper/inventory.ts'
import { type Machine, runOrThrow } from '../machine/machine.ts'
import { openNative } from '../machine/native.ts'
import { RUN_VARIABLE, runOf } from '../machine/prefix.ts'
import { type OwnerState, ownerState } from './owner.ts'
import { temporaryFolders } from './run_folder.ts'

export interface Sweep {
  /** The things that were removed, one line each. */
  readonly removed: readonly string[]
  /** The runs that were left alone. */
  readonly spared: readonly { readonly run: string; readonly owner: Exclude<OwnerState, 'dead'> }[]
  /** The things that could not be removed, and why. */
  readonly failed: readonly string[]
}

const KILLED_WITHIN_SECONDS = 10

/** The runs that this machine shows at one moment, and what became of the process of each. */
export interface RunInventory {
  /** The folders of the dead ones. */
  readonly deadFolders: readonly string[]
  readonly owners: ReadonlyMap<string, OwnerState>
}

/**
 * The runs that this machine shows. A run may have its folder where this process does not look (another TMPDIR, another
 * container), so its processes and devices are asked for it too. Everything else of the prefix is left over.
 */
export async function findRuns(): Promise<RunInventory> {
  // Names first, their owners afterwards: a run that begins in between is in neither.
  const folders = await runFolders()
  const processes = processesOfRuns()
  const { dmDevices, deviceFolders, loops, mounts } = takeInventory(isRun)
  const paths = [...deviceFolders, ...loops.map(({ file }) => file), ...mounts]
  const places = [
    ...folders,
    ...processes.map(({ pid, run, folder }) => ({ run, path: join('/proc', String(pid), 'root', folder) })),
    ...paths.flatMap(runFolderOf),
  ]
  const named = [...places.map(({ run }) => run), ...dmDevices.flatMap((name) => runOf(name) ?? [])]
  const owners = new Map<string, OwnerState>(named.map((run) => [run, 'dead']))
  for (const { run, path } of places) {
    const owner = await ownerState(path)
    if (owner !== 'dead') owners.set(run, owner)
  }
  return { owners, deadFolders: folders.filter(({ run }) => owners.get(run) === 'dead').map(({ path }) => path) }
}

/** Removes what the dead ones of these runs left on this machine: by a run's name only. */
export async function sweep({ owners, deadFolders }: RunInventory): Promise<Sweep> {
  const removed: string[] = []
  const failed: string[] = []
  const attempt: Attempt = async (what, remove) => {
    try {
      await remove()
      removed.push(what)
    } catch (error) {
      failed.push(`${what}: ${messageOf(error)}`)
    }
  }
  const isDead: IsDead = (run) => run !== undefined && owners.get(run) === 'dead'
  const machine = openNative('sweep', tmpdir())

  for (const path of deadFolders) {
    for (const server of await nfsServers(path))
      await attempt(`NFS server ${server}`, () => runOrThrow(machine, ['sh', join(server, 'stop.sh'), server]))
  }
  await killProcesses(isDead, attempt)
  await sweepDevices(machine, isDead, attempt)
  for (const path of deadFolders) await attempt(`folder ${path}`, () => rm(path, { recursive: true, force: true }))
  return { removed, spared: [...owners].flatMap(([run, owner]) => (owner === 'dead' ? [] : { run, owner })), failed }
}

type Attempt = (what: string, remove: () => Promise<unknown>) => Promise<void>
type IsDead = (run: string | undefined) => boolean

async function killProcesses(isDead: IsDead, attempt: Attempt): Promise<void> {
  const doomed = () => processesOfRuns().filter(({ run }) => isDead(run))
  for (const { pid, run } of doomed()) await attempt(`process ${pid} of ${run}`, async () => killIfThere(pid))
  // A process in the middle of a write goes when the write has ended; until then its devices are busy.
  for (let waited = 0; doomed().length > 0 && waited < KILLED_WITHIN_SECONDS; waited += 0.1) await sleep(100)
}

async function sweepDevices(machine: Machine, isDead: IsDead, attempt: Attempt): Promise<void> {
  const ours = () => takeInventory((name) => isDead(runOf(name)))
  for (const point of ours().mounts.toReversed()) await attempt(`mount ${point}`, () => runOrThrow(machine, ['umount', point]))
  // A device can go only when nothing is stacked on it, so remove until nothing goes any more.
  for (let left = ours().dmDevices; left.length > 0; ) {
    for (const name of left) await machine.run(['dmsetup', 'remove', '--noudevsync', name])
    const now = ours().dmDevices
    for (const name of left) if (!now.includes(name)) await attempt(`device-mapper device ${name}`, async () => {})
    if (now.length === left.length) {
      for (const name of now)
        await attempt(`device-mapper device ${name}`, () => runOrThrow(machine, ['dmsetup', 'remove', '--noudevsync', name]))
      break
    }
    left = now
  }
  // Without udev nothing else removes the links to the devices.
  for (const path of ours().deviceFolders) await attempt(`device folder ${path}`, () => rm(path, { recursive: true }))
  for (const { device } of ours().loops) await attempt(`loop device ${device}`, () => runOrThrow(machine, ['losetup', '--detach', device]))
}

/** The runs' folders and what is left of their making, where runs put them: this user's own, and no links. */
async function runFolders(): Promise<{ run: string; path: string }[]> {
  const found: { run: string; path: string }[] = []
  for (const base of temporaryFolders) {
    for (const name of await readdir(base).catch(() => [])) {
      const run = runOf(name)
      const path = join(base, name)
      if (run !== undefined && (await isOwn(path))) found.push({ run, path })
    }
  }
  return found
}

/** In /tmp anybody can make a folder with any name; what another user made is neither trusted nor removed. */
async function isOwn(path: string): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined)
  if (found === undefined || found.uid !== process.getuid?.()) return false
  return found.isFile() || (found.isDirectory() && (found.mode & 0o022) === 0)
}

async function nfsServers(path: string): Promise<string[]> {
  const entries = await readdir(path, { recursive: true }).catch(() => [])
  return entries.filter((entry) => /(^|\/)nfs\/pid$/.test(entry)).map((entry) => join(path, entry, '..'))
}

/** Processes that carry a run's folder in their environment; those of other users cannot be read. */
function processesOfRuns(): { pid: number; run: string; folder: string }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && name !== String(process.pid))
    .flatMap((name) => {
      const folder = environmentOf(name)
        .find((pair) => pair.startsWith(`${RUN_VARIABLE}=`))
        ?.slice(RUN_VARIABLE.length + 1)
      return runFolderOf(folder ?? '').map(({ run, path }) => ({ pid: Number(name), run, folder: path }))
    })
}

/** The run whose folder a path lies in: the innermost, as a run in a guest lies in the folder of the guest's. */
function runFolderOf(path: string): { run: string; path: string }[] {
  const parts = path.split('/')
  const run = runOf(parts.findLast(isRun) ?? '')
  return run === undefined || !parts.includes(run) ? [] : [{ run, path: parts.slice(0, parts.indexOf(run) + 1).join('/') }]
}

function isRun(name: string): boolean {
  return runOf(name) !== undefined
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}

function environmentOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0')
  } catch {
    return []
  }
}

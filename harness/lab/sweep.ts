import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { takeInventory } from '../inside/inventory.ts'
import { messageOf } from '../machine/errors.ts'
import { check, type Machine } from '../machine/machine.ts'
import { openNative } from '../machine/native.ts'
import { carries, PREFIX, RUN_VARIABLE } from '../machine/prefix.ts'
import { type OwnerState, ownerState } from './owner.ts'
import { temporaryFolders } from './run_folder.ts'

export interface Sweep {
  /** What was removed, one line each. */
  readonly removed: readonly string[]
  /** The folders of runs that were left alone. */
  readonly spared: readonly { readonly path: string; readonly owner: Exclude<OwnerState, 'dead'> }[]
  /** What could not be removed, and why. */
  readonly failed: readonly string[]
}

/** Removes what killed runs left on this machine: by prefix only, and never of a run whose process still lives. */
export async function sweep(): Promise<Sweep> {
  const removed: string[] = []
  const failed: string[] = []
  const attempt = async (what: string, remove: () => Promise<unknown>) => {
    try {
      await remove()
      removed.push(what)
    } catch (error) {
      failed.push(`${what}: ${messageOf(error)}`)
    }
  }
  const folders = await Promise.all((await runFolders()).map(async ({ name, path }) => ({ name, path, owner: await ownerState(path) })))
  // What has no folder any more belongs to nobody.
  const isDead = (name: string) => !folders.some(({ name: run, owner }) => owner !== 'dead' && carries(name, run))
  const machine = openNative('sweep', temporaryFolders.find((folder) => existsSync(folder)) ?? '/tmp')

  const dead = folders.filter(({ owner }) => owner === 'dead')
  for (const { path } of dead)
    for (const server of await nfsServers(path))
      await attempt(`NFS server ${server}`, () => check(machine, ['sh', join(server, 'stop.sh'), server]))
  for (const { pid, run } of ourProcesses())
    if (isDead(run)) await attempt(`process ${pid} of ${run}`, async () => process.kill(pid, 'SIGKILL'))
  await sweepDevices(machine, isDead, attempt)
  for (const { path } of dead) await attempt(`folder ${path}`, () => rm(path, { recursive: true, force: true }))
  const spared = folders.flatMap(({ path, owner }) => (owner === 'dead' ? [] : [{ path, owner }]))
  return { removed, spared, failed }
}

type Attempt = (what: string, remove: () => Promise<unknown>) => Promise<void>

async function sweepDevices(machine: Machine, isDead: (name: string) => boolean, attempt: Attempt): Promise<void> {
  const ours = () => {
    const { dmDevices, deviceFolders, loops, mounts } = takeInventory(PREFIX)
    const deadPath = (path: string) => path.split('/').some((part) => carries(part, PREFIX) && isDead(part))
    return {
      dmDevices: dmDevices.filter(isDead),
      deviceFolders: deviceFolders.filter(deadPath),
      loops: loops.filter(({ file }) => deadPath(file)),
      mounts: mounts.filter(deadPath),
    }
  }
  for (const point of ours().mounts.toReversed()) await attempt(`mount ${point}`, () => check(machine, ['umount', point]))
  // A device can go only when nothing is stacked on it, so remove until nothing goes any more.
  for (let left = ours().dmDevices; left.length > 0; ) {
    for (const name of left) await machine.run(['dmsetup', 'remove', '--noudevsync', name])
    const now = ours().dmDevices
    for (const name of left) if (!now.includes(name)) await attempt(`device-mapper device ${name}`, async () => {})
    if (now.length === left.length) {
      for (const name of now)
        await attempt(`device-mapper device ${name}`, () => check(machine, ['dmsetup', 'remove', '--noudevsync', name]))
      break
    }
    left = now
  }
  // Without udev nobody else removes the links to the devices.
  for (const path of ours().deviceFolders) await attempt(`device folder ${path}`, () => rm(path, { recursive: true }))
  for (const { device } of ours().loops) await attempt(`loop device ${device}`, () => check(machine, ['losetup', '--detach', device]))
}

async function runFolders(): Promise<{ name: string; path: string }[]> {
  const found: { name: string; path: string }[] = []
  for (const base of temporaryFolders) {
    const names = await readdir(base).catch(() => [])
    found.push(...names.filter((name) => carries(name, PREFIX)).map((name) => ({ name, path: join(base, name) })))
  }
  return found
}

async function nfsServers(path: string): Promise<string[]> {
  const entries = await readdir(path, { recursive: true }).catch(() => [])
  return entries.filter((entry) => /(^|\/)nfs\/pid$/.test(entry)).map((entry) => join(path, entry, '..'))
}

/** Processes that carry the run's name in their environment; those of other users cannot be read and are not ours. */
function ourProcesses(): { pid: number; run: string }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && name !== String(process.pid))
    .flatMap((name) => {
      const run = environmentOf(name)
        .find((pair) => pair.startsWith(`${RUN_VARIABLE}=`))
        ?.slice(RUN_VARIABLE.length + 1)
      return run !== undefined && carries(run, PREFIX) ? [{ pid: Number(name), run }] : []
    })
}

function environmentOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0')
  } catch {
    return []
  }
}

import { mkdir, rm } from 'node:fs/promises'
import { constants } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { removeDeviceFolders } from '../../block/device_folders.ts'
import type { CoverDevice } from '../../block/faulty_device.ts'
import { poisonedLoop } from '../../block/loop.ts'
import { devicesOfGroup, takenBytes } from '../../block/taken_bytes.ts'
import { WITHOUT_UDEV } from '../../block/without_udev.ts'
import type { PathInfo, Surroundings } from '../../helper/surroundings.ts'
import type { Lab } from '../../lab/lab.ts'
import { describeEnding } from '../../machine/command_failed.ts'
import { runOrThrow } from '../../machine/machine.ts'
import { makeLine } from '../../protocol/json_rpc.ts'
import { PROTOCOL } from '../../protocol/verbs.ts'
import { serveDriver } from '../../protocol/volume_service.ts'
import { printable } from '../../result/describe.ts'
import type { TestBed } from '../../testbed/test_bed.ts'
import { within } from '../../timers.ts'
import { MiB } from '../../units.ts'
import { bundleModule } from './bundle_module.ts'
import type { Candidate } from './candidate.ts'
import { cinderCommand, distributionsCinder } from './cinder.ts'
import type { Installation, RunningDriver } from './driver_process.ts'

export interface InstallOptions {
  /** The storage that the driver is given, in bytes. */
  readonly storageBytes: number
  readonly options: Readonly<Record<string, string>>
  /** What each device of the storage is covered with. */
  readonly cover?: CoverDevice
}

/** How many bytes of the folder's filesystem are poisoned, from its start. */
export const FOLDER_POISON_BYTES = 512 * MiB
const ENDS_WITHIN_SECONDS = 5
/** How long the commands of a driver that was killed may go on. */
const CHILDREN_END_WITHIN_SECONDS = 10
const LOOK_AGAIN_MS = 20
const LOG_KEPT = 2000
const SHOWN_OF_LOG = 200

/** Gives a candidate poisoned storage of its own, which is released with the lab. */
export async function provision(testBed: TestBed, lab: Lab, candidate: Candidate, options: InstallOptions): Promise<Installation> {
  switch (candidate.kind) {
    case 'built-in':
      return installBuiltIn(testBed, lab, candidate, options)
    case 'program':
      return installProgram(testBed, lab, candidate, options)
    case 'cinder': {
      const { section, configuration, cinder = distributionsCinder() } = candidate
      return installProgram(testBed, lab, { argv: cinderCommand(cinder, section, configuration), cwd: '/', isAdapter: true }, options)
    }
    case 'module': {
      const bundle = await bundleModule(candidate.path, lab.folder)
      await lab.own(
        `the bundle ${bundle}`,
        async () => {},
        () => rm(bundle, { force: true }),
      )
      const installation = await installProgram(testBed, lab, { argv: [process.execPath, bundle], cwd: process.cwd() }, options)
      return { ...installation, program: { argv: ['node', basename(bundle)] } }
    }
  }
}

async function installBuiltIn(
  testBed: TestBed,
  lab: Lab,
  { driver: kind, storage }: Extract<Candidate, { kind: 'built-in' }>,
  options: InstallOptions,
): Promise<Installation> {
  const before = await lab.helper.surroundings()
  const { cover } = options
  const { dataBytes: storageBytes, ...size } = storage ?? { dataBytes: options.storageBytes }
  const backend = await testBed.createNew(lab, kind, 'driver', {
    poisonBytes: Number.MAX_SAFE_INTEGER,
    ...(cover !== undefined && { cover }),
    ...size,
    dataBytes: storageBytes,
  })
  const { dropCache, fileOf, group } = backend
  return {
    storageBytes,
    start: async () => {
      const [there, here] = makeLine()
      serveDriver(backend.reopen(), there)
      const stop = async () => {
        here.output.end()
        return []
      }
      return { line: here, ended: new Promise(() => {}), stop, kill: stop, crash: stop }
    },
    whyForeign: async (path) => whyForeign(path, await lab.helper.inspectPath(path), before, []),
    ownStorageBytes: async () => 0,
    takenBytes: async () => {
      if (fileOf !== undefined) return lab.helper.takenOnFilesystem(dirname(fileOf('volume')))
      return group === undefined ? 0 : takenBytes(lab, testBed.lvm, await devicesOfGroup(lab, testBed.lvm, group))
    },
    ...(dropCache && { dropCache: (volume: string) => dropCache(volume) }),
    clearLeftovers: async () => [],
  }
}

interface Program extends Pick<Extract<Candidate, { kind: 'program' }>, 'argv' | 'cwd'> {
  /** Set where it is an adapter of ours for a driver of another system. */
  readonly isAdapter?: true
}

async function installProgram(
  testBed: TestBed,
  lab: Lab,
  { argv, cwd, isAdapter }: Program,
  { storageBytes, options, cover = async (_lab, _name, below) => below }: InstallOptions,
): Promise<Installation> {
  const prefix = lab.name('driver')
  const loop = await poisonedLoop(lab, `${prefix}_device`, storageBytes)
  const device = await cover(lab, `${prefix}_device_cover`, loop)
  const folderLoop = await poisonedLoop(lab, `${prefix}_folder`, storageBytes, FOLDER_POISON_BYTES)
  const disk = await cover(lab, `${prefix}_folder_cover`, folderLoop)
  const folder = join(lab.folder, prefix)
  const temporary = join(lab.folder, `${prefix}_tmp`)
  const before = await lab.helper.surroundings()
  await lab.own(
    `the admission of ${device}`,
    () => testBed.lvm.admit(device),
    () => testBed.lvm.dismiss(device),
  )
  await lab.own(
    `the folder ${folder}`,
    async () => {
      // On record as commands, as the script of a counterexample repeats them.
      await runOrThrow(lab, ['mkfs.ext4', '-q', '-E', 'nodiscard', '-O', '^has_journal', disk])
      await lab.perform(['mkdir', folder])
      await lab.perform(['mount', '-t', 'ext4', disk, folder])
    },
    async () => {
      const { mounts } = await lab.helper.inventory(prefix)
      for (const point of mounts.toReversed()) await lab.perform(['umount', point])
      await rm(folder, { recursive: true, force: true })
    },
  )
  await lab.own(
    `the folder ${temporary}`,
    () => mkdir(temporary),
    () => rm(temporary, { recursive: true, force: true }),
  )
  const mark = `HOLEPROOF_DRIVER=${prefix}`
  const clearLeftovers = async () => {
    const killed = [...(await lab.helper.killMarked(mark)), ...(await lab.helper.killMarked(`HOLEPROOF_STORAGE=${prefix}`))]
    const left = killed.map((command) => `a process: ${command}`)
    const { mounts } = await lab.helper.inventory(prefix)
    for (const point of mounts.toReversed()) {
      if (point === folder) continue
      left.push(`a mount: ${point}`)
      await lab.perform(['umount', point])
    }
    for (const name of await lab.helper.stackedOn(device)) {
      left.push(`a device: ${name}`)
      await runOrThrow(lab, ['dmsetup', 'remove', '--noudevsync', '--force', '--retry', name])
    }
    await removeDeviceFolders(lab, prefix)
    return left
  }
  await lab.own(
    'what the driver leaves',
    async () => {},
    async () => void (await clearLeftovers()),
  )
  const size = (await lab.helper.measure(device)).sizeBytes
  return {
    setup: {
      protocol: PROTOCOL,
      prefix,
      device: { path: device, size_bytes: size },
      folder,
      machine: lab.machine.name,
      options: { ...options },
    },
    program: { argv, cwd },
    ...(isAdapter && { isAdapter }),
    storageBytes,
    start: () =>
      startProgram(lab, argv, cwd, {
        ...testBed.lvm.environment,
        ...WITHOUT_UDEV.env,
        TMPDIR: temporary,
        HOLEPROOF_DRIVER: prefix,
      }),
    whyForeign: async (path) => whyForeign(path, await lab.helper.inspectPath(path), before, [device, loop]),
    ownStorageBytes: (path) => lab.helper.bytesElsewhere(path, [basename(loop), basename(folderLoop)]),
    takenBytes: async () => (await takenBytes(lab, testBed.lvm, [device])) + (await lab.helper.takenOnFilesystem(folder)),
    whyStuck: async () => {
      const [command] = await lab.helper.sharingInput(mark)
      return (
        command && `its command ${JSON.stringify(printable(command))} has the driver's standard input, where a question would be answered`
      )
    },
    clearLeftovers,
  }
}

async function startProgram(lab: Lab, argv: readonly string[], cwd: string, env: Record<string, string>): Promise<RunningDriver> {
  // The shell reports why a program does not start. Its relative paths start in the folder where it was named.
  const mark = `HOLEPROOF_DRIVER=${env.HOLEPROOF_DRIVER}`
  const running = await lab.machine.start(['sh', '-c', 'cd "$0" && exec "$@"', cwd, ...argv], { env })
  // A stopped run does not wait for answers.
  const abort = () => running.kill(constants.signals.SIGKILL)
  lab.signal.addEventListener('abort', abort, { once: true })
  let log = ''
  running.stderr.on('data', (data: Buffer) => {
    log = (log + data.toString()).slice(-LOG_KEPT)
  })
  const ended = running.ended.then((ending) => `${describeEnding(ending)}${lastWords(log)}`)
  ended.catch(() => {}).finally(() => lab.signal.removeEventListener('abort', abort))
  return {
    line: { input: running.stdout, output: running.stdin },
    ended,
    kill: async () => {
      running.kill(constants.signals.SIGKILL)
      await lab.helper.killMarked(mark)
      await ended
    },
    crash: async () => {
      await lab.helper.killAlone(mark)
      if ((await within(ended, CHILDREN_END_WITHIN_SECONDS * 1000)) === undefined) running.kill(constants.signals.SIGKILL)
      for (let waited = 0; (await lab.helper.countMarked(mark)) > 0; waited += LOOK_AGAIN_MS) {
        if (waited >= CHILDREN_END_WITHIN_SECONDS * 1000) await lab.helper.killMarked(mark)
        await setTimeout(LOOK_AGAIN_MS)
      }
      await ended
    },
    stop: async () => {
      running.stdin.end()
      if ((await within(ended, ENDS_WITHIN_SECONDS * 1000)) !== undefined) return []
      running.kill(constants.signals.SIGKILL)
      // A child that left the process group may hold its output open.
      if ((await within(ended, 1000)) === undefined) await lab.helper.killMarked(mark)
      return [`the driver still ran ${ENDS_WITHIN_SECONDS} s after its input was closed`]
    },
  }
}

/** Returns the last line of a driver's log, quoted so that it cannot disturb a terminal. */
function lastWords(log: string): string {
  const last = log.trimEnd().split('\n').at(-1)?.trim() ?? ''
  return last === '' ? '' : `, saying ${JSON.stringify(last.slice(-SHOWN_OF_LOG))}`
}

/**
 * Returns the reason why a path cannot be a volume of the driver's own: it is not a volume, or it was there before the driver.
 * This comes before any use of the path: reading might stall, and writing might destroy somebody else's data. Pure.
 */
export function whyForeign(path: string, look: PathInfo, before: Surroundings, given: readonly string[]): string | undefined {
  const own = given.map((device) => device.split('/').at(-1))
  switch (look.kind) {
    case 'missing':
      return `there is nothing at ${JSON.stringify(path)}: ${printable(look.why)}`
    case 'other':
      return `${JSON.stringify(path)} is ${look.what}`
    case 'file': {
      const foreign = before.filesystems.find(({ device }) => device === look.filesystem)
      return foreign && `the file ${JSON.stringify(path)} is not the driver's own: it lies on the filesystem of ${foreign.mountedOn}`
    }
    case 'block': {
      const foreign = look.bottoms.find((name) => before.blockDevices.includes(name) && !own.includes(name))
      return foreign === undefined ? undefined : `${JSON.stringify(path)} is not the driver's own: it stands on ${foreign}`
    }
  }
}

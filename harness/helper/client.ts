import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Content } from '../content/content.ts'
import { BrokenLab, messageOf } from '../errors.ts'
import { describeEnding } from '../machine/command_failed.ts'
import type { Machine } from '../machine/machine.ts'
import { callOver } from '../protocol/json_rpc.ts'
import { helperProgram } from './bundle.ts'
import type { CachedPart, StampMode, VerifiedReading } from './device_io.ts'
import type { Inventory } from './inventory.ts'
import { KernelCalls, type Perform } from './kernel_calls.ts'
import type { PathInfo, Surroundings } from './surroundings.ts'
import type { WriterOrder, Written } from './writer.ts'

/** The helper inside a machine (main.ts), as its callers see it. Every call throws an Error when it
 * cannot be done, BrokenLab when the helper is gone. */
export interface Helper {
  ping(): Promise<string>
  /** Writes a content; by default its extents, and flushes them. */
  stamp(path: string, content: Content, how?: StampMode): Promise<{ writtenBytes: number }>
  /**
   * Reads a volume past the page cache. `cached` is what must read the same through it (default: nothing). With `exact`, a file that is
   * larger than the content is an error.
   */
  verify(path: string, content: Content, exact: boolean, cached?: CachedPart): Promise<VerifiedReading>
  /** Poisons again what no longer holds poison, from a byte of a device to its end. */
  repoison(path: string, from: number, tag: number): Promise<{ writtenBytes: number }>
  /** Removes everything in a folder, and poisons all the free storage of its filesystem. */
  repoisonFolder(folder: string, tag: number): Promise<{ writtenBytes: number }>
  namesIn(folder: string): Promise<string[]>
  /** The offset of the first page that does not hold poison, from a byte of a device to its end; null if all do. */
  firstUnpoisoned(path: string, from: number): Promise<number | null>
  /** The offsets of the sectors of a device that hold the stamp of a volume's sector. */
  findStamp(path: string, tag: number, offset: number): Promise<number[]>
  /** The size of a volume, and what it takes on its filesystem when it is a file; in bytes. */
  measure(path: string): Promise<{ sizeBytes: number; allocatedBytes: number }>
  /** The bytes that everything takes on the filesystem of a folder. */
  takenOnFilesystem(folder: string): Promise<number>
  /** The bytes read from and written to a block device so far; null for a file. */
  transferred(path: string): Promise<{ readBytes: number; writtenBytes: number } | null>
  /** Which sides of a copy can be opened with O_DIRECT. */
  takesDirect(from: string, to: string, bytes: number): Promise<{ input: boolean; output: boolean }>
  /** The devices and filesystems of the machine, before a foreign program runs in it. */
  surroundings(): Promise<Surroundings>
  inspectPath(path: string): Promise<PathInfo>
  /** How much storage a path lies on that is none of the `given` devices, in bytes. */
  bytesElsewhere(path: string, given: readonly string[]): Promise<number>
  /** The device-mapper devices that stand on a block device, in the order in which they can be removed. */
  stackedOn(path: string): Promise<string[]>
  /** Kills every process whose environment holds `mark`; returns what they were. */
  killMarked(mark: string): Promise<string[]>
  /** Kills those of them whose parent's environment does not hold `mark`. */
  killAlone(mark: string): Promise<string[]>
  countMarked(mark: string): Promise<number>
  sharingInput(mark: string): Promise<string[]>
  /** Lets an instance write to its volume. */
  startWriter(order: WriterOrder): Promise<InstanceWriter>
  inventory(prefix: string): Promise<Inventory>
  /** Asks device-mapper, and does what other small commands do, without starting them. */
  readonly perform: Perform
  close(): Promise<void>
}

/** An instance that writes (writer.ts), as its callers see it. */
export interface InstanceWriter {
  /** Resolves once so many more of its writes have been acknowledged. Throws when it has lost its volume. */
  more(count: number): Promise<void>
  stop(): Promise<Written>
}

const CALL_SECONDS = 300

/** Builds the helper into the machine's shared folder and starts it there. */
export async function openHelper(machine: Machine): Promise<Helper> {
  const bundle = join(machine.shared, `${machine.name}.helper.mjs`)
  await writeFile(bundle, await helperProgram())
  const helper = await machine.start([process.execPath, '--max-old-space-size=128', bundle])
  let said = ''
  helper.stderr.on('data', (data: Buffer) => {
    said = (said + data.toString()).slice(-2000)
  })
  const caller = callOver({ input: helper.stdout, output: helper.stdin })
  let gone = false
  let kernelCalls: Promise<KernelCalls> | undefined
  const fail = (why: string) => {
    gone = true
    caller.fail(why)
  }
  helper.ended.then(
    (ending) => fail(`the helper ended: it ${describeEnding(ending)}: ${said}`),
    (error) => fail(messageOf(error)),
  )
  const call = async <Result>(method: string, params: object): Promise<Result> => {
    try {
      // Both ends are built from the same source, so the answer has the type that main.ts gives it.
      return (await caller.request(method, params, CALL_SECONDS)) as Result
    } catch (error) {
      const message = `${method}: ${messageOf(error)}`
      throw gone ? new BrokenLab(`${message} (in ${machine.name})`, { cause: error }) : new Error(message, { cause: error })
    }
  }
  return {
    ping: () => call('ping', {}),
    stamp: (path, content, how = 'extents') => call('stamp', { path, content, how }),
    verify: (path, content, exact, cached = 'none') => call('verify', { path, content, exact, cached }),
    repoison: (path, from, tag) => call('repoison', { path, from, tag }),
    repoisonFolder: (folder, tag) => call('repoisonFolder', { folder, tag }),
    namesIn: (folder) => call('namesIn', { folder }),
    firstUnpoisoned: (path, from) => call('firstUnpoisoned', { path, from }),
    findStamp: (path, tag, offset) => call('findStamp', { path, tag, offset }),
    measure: (path) => call('measure', { path }),
    takenOnFilesystem: (folder) => call('takenOnFilesystem', { folder }),
    transferred: (path) => call('transferred', { path }),
    takesDirect: (from, to, bytes) => call('takesDirect', { from, to, bytes }),
    surroundings: () => call('surroundings', {}),
    inspectPath: (path) => call('inspectPath', { path }),
    bytesElsewhere: (path, given) => call('bytesElsewhere', { path, given }),
    stackedOn: (path) => call('stackedOn', { path }),
    killMarked: (mark) => call('killMarked', { mark }),
    killAlone: (mark) => call('killAlone', { mark }),
    countMarked: (mark) => call('countMarked', { mark }),
    sharingInput: (mark) => call('sharingInput', { mark }),
    startWriter: async (order) => {
      const id = await call<number>('startWriter', order)
      return { more: (count) => call('writesMore', { id, count }), stop: () => call('stopWriter', { id }) }
    },
    inventory: (prefix) => call('inventory', { prefix }),
    perform: async (argv) => {
      kernelCalls ??= KernelCalls.open(machine)
      return (await kernelCalls).perform(argv)
    },
    close: async () => {
      helper.stdin.end()
      await helper.ended
      await (await kernelCalls)?.close()
    },
  }
}

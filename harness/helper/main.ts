/**
 * The helper that runs inside a machine, next to its devices: it stamps and verifies volumes and takes inventory, asked by
 * JSON-RPC 2.0, one message a line, on stdio. It ends when its input closes.
 */
import { readdirSync } from 'node:fs'
import { JSONRPCServer } from 'json-rpc-2.0'
import type { Content } from '../content/content.ts'
import { carries } from '../machine/prefix.ts'
import { serveOver } from '../protocol/json_rpc.ts'
import {
  type CachedPart,
  findStamp,
  firstUnpoisoned,
  measure,
  repoisonDevice,
  repoisonFolder,
  type StampMode,
  stampDevice,
  takenOnFilesystem,
  takesDirect,
  transferred,
  verifyDevice,
} from './device_io.ts'
import { takeInventory } from './inventory.ts'
import { bytesElsewhere, countMarked, inspectPath, killAlone, killMarked, sharingInput, stackedOn, surroundings } from './surroundings.ts'
import { Writer, type WriterOrder } from './writer.ts'

const server = new JSONRPCServer()
server.addMethod('ping', () => process.version)
server.addMethod('stamp', ({ path, content, how }: { path: string; content: Content; how: StampMode }) => stampDevice(path, content, how))
server.addMethod('verify', ({ path, content, exact, cached }: { path: string; content: Content; exact: boolean; cached: CachedPart }) =>
  verifyDevice(path, content, exact, cached),
)
server.addMethod('repoison', ({ path, from, tag }: { path: string; from: number; tag: number }) => repoisonDevice(path, from, tag))
server.addMethod('repoisonFolder', ({ folder, tag }: { folder: string; tag: number }) => repoisonFolder(folder, tag))
server.addMethod('namesIn', ({ folder }: { folder: string }) => readdirSync(folder))
server.addMethod('firstUnpoisoned', ({ path, from }: { path: string; from: number }) => firstUnpoisoned(path, from) ?? null)
server.addMethod('findStamp', ({ path, tag, offset }: { path: string; tag: number; offset: number }) => findStamp(path, tag, offset))
server.addMethod('measure', ({ path }: { path: string }) => measure(path))
server.addMethod('takenOnFilesystem', ({ folder }: { folder: string }) => takenOnFilesystem(folder))
server.addMethod('transferred', ({ path }: { path: string }) => transferred(path) ?? null)
server.addMethod('takesDirect', ({ from, to, bytes }: { from: string; to: string; bytes: number }) => takesDirect(from, to, bytes))
server.addMethod('surroundings', () => surroundings())
server.addMethod('inspectPath', ({ path }: { path: string }) => inspectPath(path))
server.addMethod('bytesElsewhere', ({ path, given }: { path: string; given: string[] }) => bytesElsewhere(path, given))
server.addMethod('stackedOn', ({ path }: { path: string }) => stackedOn(path))
server.addMethod('killMarked', ({ mark }: { mark: string }) => killMarked(mark))
server.addMethod('killAlone', ({ mark }: { mark: string }) => killAlone(mark))
server.addMethod('countMarked', ({ mark }: { mark: string }) => countMarked(mark))
server.addMethod('sharingInput', ({ mark }: { mark: string }) => sharingInput(mark))

const writers = new Map<number, Writer>()
let lastWriter = 0
/** The writer of an earlier call. */
function writerOf(id: number): Writer {
  const writer = writers.get(id)
  if (writer === undefined) throw new Error(`there is no writer ${id}`)
  return writer
}
server.addMethod('startWriter', async (order: WriterOrder) => {
  const id = ++lastWriter
  writers.set(id, await Writer.start(order))
  return id
})
server.addMethod('writesMore', ({ id, count }: { id: number; count: number }) => writerOf(id).more(count))
server.addMethod('stopWriter', ({ id }: { id: number }) => writerOf(id).stop())
server.addMethod('inventory', ({ prefix }: { prefix: string }) => takeInventory((name) => carries(name, prefix)))

serveOver(server, { input: process.stdin, output: process.stdout })

import { join } from 'node:path'
import { NotInstalled } from '../../errors.ts'
import type { Lab } from '../../lab/lab.ts'
import { type Running, runOrThrow } from '../../machine/machine.ts'
import { selectQemu } from '../../machine/qemu_versions.ts'
import { within } from '../../timers.ts'
import { DaemonDisk } from './daemon_disk.ts'
import type { BlockLayer, Disk } from './disk.ts'
import { Qmp } from './qmp.ts'

const STOP_SECONDS = 10

/**
 * QEMU's block layer without a machine around it: what an instance's disk passes through, and where Nova's block copy happens. Several
 * instances share one.
 */
export class StorageDaemon implements BlockLayer {
  readonly qmp: Qmp
  /** Of QEMU, e.g. `7.2.22`. */
  readonly version: string
  /** The path of the Unix socket of its NBD server, in the machine. */
  readonly socket: string
  private readonly process: Running
  private instances = 0

  private constructor(process: Running, qmp: Qmp, version: string, socket: string) {
    this.process = process
    this.qmp = qmp
    this.version = version
    this.socket = socket
  }

  /** Starts one of a QEMU version, default the newest, which goes with the lab. Throws NotInstalled when there is no such version. */
  static async start(lab: Lab, wanted?: string): Promise<StorageDaemon> {
    const qemu = selectQemu(wanted)
    if (qemu === undefined) throw new NotInstalled(`no QEMU${wanted === undefined ? '' : ` ${wanted}`} is installed for live migrations`)
    // A guest's own memory: its shared folder need not take sockets.
    const socket = join(lab.machine.kind === 'native' ? lab.folder : '/run', lab.name('nbd'))
    let process: Running | undefined
    return lab.own(
      'the QEMU storage daemon',
      async () => {
        process = await lab.machine.start([...qemu.argv, '--chardev', 'stdio,id=qmp', '--monitor', 'chardev=qmp'])
        const { qmp, version } = await Qmp.open(process)
        await qmp.execute('nbd-server-start', { addr: { type: 'unix', data: { path: socket } }, 'max-connections': 0 })
        return new StorageDaemon(process, qmp, version, socket)
      },
      async () => {
        process?.stdin.end()
        process?.kill(15)
        if (process !== undefined && (await within(process.ended, STOP_SECONDS * 1000)) === undefined) process.kill()
        await process?.ended
        await runOrThrow(lab, ['rm', '-f', socket])
      },
    )
  }

  open(lab: Lab, path: string, sizeBytes: number): Promise<Disk> {
    // QEMU takes names of 31 characters at most.
    return DaemonDisk.open(lab, this, `volume${++this.instances}`, path, sizeBytes)
  }

  get ended(): boolean {
    return this.qmp.ended
  }

  /** Ends it at once, as a crash does. */
  async kill(): Promise<void> {
    this.process.kill()
    await this.process.ended
  }
}

import { copyFile, mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { NotInstalled } from '../../../errors.ts'
import type { Lab } from '../../../lab/lab.ts'
import { libvirtRoot, missingForLibvirt } from '../../../machine/libvirt_root.ts'
import { runOrThrow } from '../../../machine/machine.ts'
import { assetPath, commandLine } from '../../../paths.ts'
import type { BlockLayer } from '../disk.ts'
import type { DiskSource } from './domain_xml.ts'
import { LibvirtDisk, type Virsh } from './libvirt_disk.ts'

const SCRIPTS = ['start.sh', 'stop.sh']
/** libvirt probes QEMU before it answers for the first time. */
const START_SECONDS = 90

/** libvirt with the QEMU of this system's distribution. Its domains have volumes in use. */
export class Libvirt implements BlockLayer {
  readonly version: string
  readonly libvirt: string
  private readonly virsh: Virsh
  /** Its root, as programs outside of it reach it. */
  private readonly root: string
  private domains = 0

  private constructor(virsh: Virsh, root: string, { qemu, libvirt }: { qemu: string; libvirt: string }) {
    this.virsh = virsh
    this.root = root
    this.version = qemu
    this.libvirt = libvirt
  }

  /** Starts it in a root of its own, which goes with the lab. Throws NotInstalled where it cannot run. */
  static async start(lab: Lab): Promise<Libvirt> {
    const { kind } = lab.machine
    if (kind !== 'uml') throw new NotInstalled(`libvirt is started in guests of User-Mode Linux only, and this machine is ${kind}`)
    const missing = missingForLibvirt()
    if (missing.length > 0)
      throw new NotInstalled(`libvirt is not installed: ${missing.join(', ')}. Run ${commandLine('setup --libvirt')}.`)
    const folder = join(lab.folder, lab.name('libvirt'))
    return lab.own(
      'libvirt',
      async () => {
        await mkdir(folder)
        for (const name of SCRIPTS) await copyFile(assetPath(`harness/movers/mirror/libvirt/${name}`), join(folder, name))
        await mkdir(libvirtRoot, { recursive: true }) // all of it may be installed
        await lab.machine.loadModules(['overlay'])
        const start = ['sh', join(folder, 'start.sh'), folder, libvirtRoot]
        await runOrThrow(lab, ['unshare', '--mount', '--propagation', 'private', ...start], { timeoutSeconds: START_SECONDS })
        const pid = (await readFile(join(folder, 'pid'), 'utf8')).trim()
        const inside = ['nsenter', '-t', pid, '--mount', '--root', '--wd=/', 'env', '-i', 'PATH=/usr/sbin:/usr/bin', 'LC_ALL=C']
        const virsh: Virsh = (argv, input) =>
          runOrThrow(lab, [...inside, 'virsh', '--connect', 'qemu:///system', ...argv], {
            timeoutSeconds: START_SECONDS,
            ...(input !== undefined && { stdin: input }),
          })
        return new Libvirt(virsh, join('/proc', pid, 'root'), versionsIn(await virsh(['version', '--daemon'])))
      },
      async () => {
        await runOrThrow(lab, ['sh', join(folder, 'stop.sh'), folder])
      },
    )
  }

  open({ helper }: Pick<Lab, 'helper'>, path: string): Promise<LibvirtDisk> {
    const { virsh, root } = this
    const sourceOf = async (some: string): Promise<DiskSource> => ({
      path: some,
      kind: (await helper.inspectPath(some)).kind === 'block' ? 'block' : 'file',
    })
    return LibvirtDisk.open({ virsh, root, sourceOf }, `instance${++this.domains}`, path)
  }
}

/** What `virsh version --daemon` prints. */
export function versionsIn(text: string): { qemu: string; libvirt: string } {
  const qemu = /^Running hypervisor: QEMU (\S+)$/m.exec(text)?.[1]
  const libvirt = /^Running against daemon: (\S+)$/m.exec(text)?.[1]
  if (qemu === undefined || libvirt === undefined) throw new Error(`virsh names no versions: ${text}`)
  return { qemu, libvirt }
}

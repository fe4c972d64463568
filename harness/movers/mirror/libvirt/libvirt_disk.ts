import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { messageOf, PivotUnknown } from '../../../errors.ts'
import type { MirrorOptions } from '../../../result/mirror.ts'
import type { Disk } from '../disk.ts'
import { DISK, type DiskSource, diskXml, domainXml, type MirrorState, mirrorStateOf } from './domain_xml.ts'

/** Nova looks twice a second; a cell has less to copy. */
const LOOK_EVERY_MILLISECONDS = 100

/** virsh's input as a file: a guest without udev has no /dev/stdin. */
const INPUT = '/proc/self/fd/0'

/** Runs a command of virsh's. Throws CommandFailed. */
export type Virsh = (argv: readonly string[], input?: string) => Promise<string>

type SourceOf = (path: string) => Promise<DiskSource>

/** What a domain needs of the libvirt that it is in. */
export interface DomainHost {
  readonly virsh: Virsh
  readonly sourceOf: SourceOf
  /** libvirt's root, as programs outside of it reach it. */
  readonly root: string
}

const drivesSchema = z.object({ return: z.tuple([z.object({ inserted: z.object({ 'node-name': z.string() }) })]) })

/** The disk of a domain. */
export class LibvirtDisk implements Disk {
  readonly export: Disk['export']
  private readonly virsh: Virsh
  private readonly sourceOf: SourceOf
  private readonly domain: string

  private constructor({ virsh, sourceOf, root }: DomainHost, domain: string, socket: string) {
    this.virsh = virsh
    this.sourceOf = sourceOf
    this.domain = domain
    this.export = { socket: `${root}${socket}`, exportName: domain }
  }

  /** Starts a domain. */
  static async open(host: DomainHost, domain: string, path: string): Promise<LibvirtDisk> {
    const { virsh, sourceOf } = host
    const socket = `/run/${domain}`
    const disk = new LibvirtDisk(host, domain, socket)
    await virsh(['create', '--paused', INPUT], domainXml(domain, await sourceOf(path)))
    try {
      await disk.execute('nbd-server-start', { addr: { type: 'unix', data: { path: socket } } })
      const [{ inserted }] = drivesSchema.parse(await disk.execute('query-block')).return
      await disk.addExport(inserted['node-name'], domain)
      return disk
    } catch (error) {
      await disk.close()
      throw error
    }
  }

  /** Lets writers reach a node of the domain's QEMU. One that libvirt gives the disk to stays above its block jobs. */
  async addExport(node: string, name: string): Promise<void> {
    await this.execute('block-export-add', { type: 'nbd', id: name, 'node-name': node, name, writable: true })
  }

  /** As Nova calls blockCopy: the destination's disk, and of all flags those that reuse it. The limit is the harness's own. */
  async beginMirror(to: string, options: MirrorOptions, bytesASecond?: number): Promise<void> {
    const set = Object.keys(options)
    if (set.length > 0) throw new Error(`Nova sets no options of libvirt's blockCopy, but ${set.join(', ')} were wanted`)
    const limit = bytesASecond === undefined ? [] : ['--bandwidth', `${bytesASecond}`, '--bytes']
    const copy = ['blockcopy', this.domain, DISK, '--xml', INPUT, '--reuse-external', '--transient-job']
    await this.virsh([...copy, ...limit], diskXml(await this.sourceOf(to)))
  }

  async copyFast(): Promise<void> {
    await this.virsh(['blockjob', this.domain, DISK, '--bandwidth', '0'])
  }

  async untilReady(): Promise<void> {
    for (;;) {
      const state = await this.mirrorState()
      if (state === 'ready') return
      if (state !== 'copying') throw new Error('the mirror failed: libvirt has ended its block job')
      await sleep(LOOK_EVERY_MILLISECONDS)
    }
  }

  async pivot(): Promise<void> {
    // Whatever fails before it is asked for, it has not happened.
    await this.untilReady()
    try {
      await this.virsh(['blockjob', this.domain, DISK, '--pivot'])
    } catch (error) {
      // Only a mirror that is as it was before has surely not pivoted.
      const state = await this.mirrorState().catch(() => 'undecided')
      if (state !== 'ready') throw new PivotUnknown(messageOf(error), { cause: error })
      await this.giveUp()
      throw new Error(`libvirt refuses the pivot: ${messageOf(error)}`, { cause: error })
    }
  }

  async cancel(): Promise<void> {
    await this.virsh(['blockjob', this.domain, DISK, '--abort'])
  }

  async giveUp(): Promise<void> {
    await this.cancel().catch(() => {}) // the error that led here says more
  }

  async close(): Promise<void> {
    try {
      await this.virsh(['destroy', this.domain])
    } catch (error) {
      // A domain whose QEMU has died is gone.
      const domains = await this.virsh(['list', '--name'])
      if (domains.split('\n').includes(this.domain)) throw error
    }
  }

  /** Runs a command of QMP in the domain's QEMU. */
  private async execute(command: string, args?: object): Promise<unknown> {
    const request = JSON.stringify({ execute: command, ...(args && { arguments: args }) })
    const answer: unknown = JSON.parse(await this.virsh(['qemu-monitor-command', this.domain, request]))
    const refused = z.object({ error: z.object({ desc: z.string() }) }).safeParse(answer)
    if (refused.success) throw new Error(`${command}: ${refused.data.error.desc}`)
    return answer
  }

  private async mirrorState(): Promise<MirrorState> {
    return mirrorStateOf(await this.virsh(['dumpxml', this.domain]))
  }
}

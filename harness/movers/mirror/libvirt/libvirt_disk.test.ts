import { describe, expect, test } from 'vitest'
import { PivotUnknown } from '../../../errors.ts'
import { LibvirtDisk } from './libvirt_disk.ts'

const READY = "<mirror type='block' job='copy' ready='yes'>"
const DRIVES = { return: [{ inserted: { 'node-name': 'libvirt-1-format' } }] }

type Answer = string | Error
/** By a part of the command's line. Of several, each is given once, the last for ever. */
type Answers = Readonly<Record<string, Answer | readonly Answer[]>>

/** A virsh whose answers a test chooses; an Error is thrown. Returns the commands that it ran. */
function fakeVirsh(answers: Answers) {
  const left = Object.entries(answers).map(([words, some]) => ({ words, some: [some].flat() }))
  const ran: string[] = []
  const virsh = async (argv: readonly string[]) => {
    const line = argv.join(' ')
    ran.push(line)
    const { some = [] } = left.find(({ words }) => line.includes(words)) ?? {}
    const answer = (some.length > 1 ? some.shift() : some[0]) ?? (line.includes('query-block') ? JSON.stringify(DRIVES) : '{}')
    if (answer instanceof Error) throw answer
    return answer
  }
  return { virsh, ran }
}

async function openDisk(answers: Answers = {}) {
  const { virsh, ran } = fakeVirsh(answers)
  const sourceOf = async (path: string) => ({ path, kind: 'block' }) as const
  const disk = await LibvirtDisk.open({ virsh, sourceOf, root: '/proc/7/root' }, 'instance1', '/dev/a')
  return { disk, ran }
}

describe('a domain', () => {
  test('exports the node that its disk has, so that every write passes its block jobs', async () => {
    const { disk, ran } = await openDisk()

    expect(disk.export).toEqual({ socket: '/proc/7/root/run/instance1', exportName: 'instance1' })
    expect(ran.at(-1)).toContain('"node-name":"libvirt-1-format"')
  })

  test('is ended when it cannot be reached', async () => {
    const { virsh, ran } = fakeVirsh({ 'nbd-server-start': '{"error":{"class":"GenericError","desc":"no server"}}' })
    const sourceOf = async (path: string) => ({ path, kind: 'block' }) as const

    const opened = LibvirtDisk.open({ virsh, sourceOf, root: '' }, 'instance1', '/dev/a')

    await expect(opened).rejects.toThrow('nbd-server-start: no server')
    expect(ran.at(-1)).toBe('destroy instance1')
  })

  test('may be gone already when it is ended', async () => {
    const { disk } = await openDisk({ destroy: new Error('no domain'), 'list --name': 'instance2\n' })
    await expect(disk.close()).resolves.toBeUndefined()
  })

  test('must not be there when it could not be ended', async () => {
    const { disk } = await openDisk({ destroy: new Error('it hangs'), 'list --name': 'instance1\n' })
    await expect(disk.close()).rejects.toThrow('it hangs')
  })
})

describe('a mirror', () => {
  test('is what Nova asks for, and cannot be anything else', async () => {
    const { disk, ran } = await openDisk()
    await disk.beginMirror('/dev/b', {})

    expect(ran.at(-1)).toBe('blockcopy instance1 vda --xml /proc/self/fd/0 --reuse-external --transient-job')
    await expect(disk.beginMirror('/dev/b', { detectZeroes: 'on' })).rejects.toThrow('detectZeroes')
  })

  test('has failed when its block job is gone', async () => {
    const { disk } = await openDisk({ dumpxml: '<domain/>' })
    await expect(disk.untilReady()).rejects.toThrow('the mirror failed')
  })

  test('is given up when libvirt refuses the pivot and it is as it was', async () => {
    const { disk, ran } = await openDisk({ '--pivot': new Error('not now'), dumpxml: READY })

    const pivoted = disk.pivot()

    await expect(pivoted).rejects.toThrow('libvirt refuses the pivot: not now')
    await expect(pivoted).rejects.not.toThrow(PivotUnknown)
    expect(ran.at(-1)).toBe('blockjob instance1 vda --abort')
  })

  test('has not pivoted when it fails before it is asked to', async () => {
    const { disk, ran } = await openDisk({ dumpxml: new Error('no domain') })

    const pivoted = disk.pivot()

    await expect(pivoted).rejects.toThrow('no domain')
    await expect(pivoted).rejects.not.toThrow(PivotUnknown)
    expect(ran.filter((line) => line.includes('--pivot'))).toEqual([])
  })

  test.each<[string, Answer]>([
    ['it is under way', "<mirror type='block' job='copy' ready='pivot'>"],
    ['no block job is left', '<domain/>'],
    ['libvirt does not answer', new Error('no answer')],
  ])('may have pivoted when the pivot fails and %s', async (_, dumpxml) => {
    const { disk, ran } = await openDisk({ '--pivot': new Error('cut off'), dumpxml: [READY, dumpxml] })

    await expect(disk.pivot()).rejects.toThrow(PivotUnknown)
    expect(ran).not.toContain('blockjob instance1 vda --abort')
  })
})

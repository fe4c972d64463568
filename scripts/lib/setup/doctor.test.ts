import { describe, expect, test } from 'vitest'
import { doctorReport } from '../../../harness/report/terminal/doctor.ts'
import { examine, type Probes } from './doctor.ts'

const healthy: Probes = {
  nodeVersion: '20.20.0',
  isRoot: false,
  hasProgram: () => true,
  lacksOf: () => ({ missing: [], packages: [] }),
  kernels: () => [
    { version: '7.2.7', ownDistribution: false, program: '/cache/kernels/7.2.7/linux.uml', modules: '/cache/kernels/7.2.7/modules' },
    { version: '6.1.176', ownDistribution: true, program: '/usr/bin/linux.uml', modules: '/usr/lib/uml/modules/6.1.176' },
  ],
  cinders: () => ['29.0.0', '26.0.0'].map((version) => ({ version, folder: `/cache/cinder/${version}` })),
  qemus: () => [{ version: '11.1.2', argv: ['/cache/qemu/11.1.2/qemu-storage-daemon'] }],
  toolVersions: async () => ({ dd: 'dd (coreutils) 9.1', lvm: 'LVM version:     2.03.16(2) (2022-05-18)' }),
  lacksForNative: async () => ['root: run it with sudo'],
  refusesToBoot: async () => undefined,
  kvm: async () => 'hangs',
  remembered: async () => undefined,
  prefersNative: () => false,
  folders: async () => [{ folder: '/dev/shm' }],
  leftovers: async () => 0,
  cores: 2,
  memoryBytes: 8 * 1024 ** 3,
  cacheFolder: '/cache',
  cacheRefusal: () => undefined,
}
const lacking = (parts: readonly string[]): Partial<Probes> => ({
  lacksOf: (part) =>
    parts.includes(part) ? { missing: [`${part}-program`], packages: [`${part}-package`] } : { missing: [], packages: [] },
})

describe('a healthy machine', () => {
  test('has no problems, and its first guest is taken', async () => {
    const { observations, kinds, auto } = await examine(healthy)

    expect(observations.filter(({ state }) => state !== 'well')).toEqual([])
    expect(kinds.map(({ kind, state }) => [kind, state])).toEqual([
      ['native', 'impossible'],
      ['uml', 'works'],
      ['qemu', 'works'],
    ])
    expect(auto).toEqual({ kind: 'uml', why: 'the first guest that boots here' })
  })

  test('lists the kernels of UML guests, and how fast they are', async () => {
    const { observations } = await examine(healthy)

    expect(observations.find(({ what }) => what === 'User-Mode Linux')?.text.split('\n')).toEqual([
      'kernel 7.2.7, with seccomp',
      "kernel 6.1.176, this distribution's, with ptrace, half as fast as with seccomp",
    ])
  })

  test('says which versions its programs have', async () => {
    const { observations } = await examine(healthy)

    expect(observations.find(({ what }) => what === 'versions')?.text.split('\n')).toEqual([
      'dd (coreutils) 9.1',
      'lvm: LVM version:     2.03.16(2) (2022-05-18)',
    ])
  })

  test('is reported within 80 columns', async () => {
    const lines = doctorReport(await examine(healthy), false).split('\n')

    expect(lines.filter((line) => [...line].length > 80)).toEqual([])
    expect(lines.at(-2)).toBe('✓ --machine auto takes uml: the first guest that boots here')
  })
})

describe('each problem is reported with its remedy', () => {
  test.each<[string, Partial<Probes>, string, RegExp]>([
    ['an old Node.js', { nodeVersion: '18.19.1' }, 'Node.js', /18\.19\.1.*20 or newer/s],
    ['no npm', { hasProgram: (name) => name !== 'npm' }, 'npm', /apt-get install npm/],
    ['no LVM', lacking(['storage']), 'LVM and storage', /storage-program.*run scripts\/setup, or apt-get install storage-package/s],
    ['no Cinder', lacking(['cinder']), "Cinder's own drivers", /scripts\/setup --cinder/],
    ['no libvirt', lacking(['libvirt']), 'libvirt', /scripts\/setup --libvirt/],
    ['no QEMU', { qemus: () => [] }, 'live migrations', /no QEMU storage daemon.*run scripts\/setup/s],
    ['no room', { folders: async () => [{ folder: '/tmp', refusal: '5 MiB free' }] }, 'temporary files', /\/tmp: 5 MiB free.*TMPDIR/s],
    ['no cache', { cacheRefusal: () => 'EROFS' }, 'cache', /\/cache is not writable: EROFS.*HOLEPROOF_CACHE/s],
    ['leftovers', { leftovers: async () => 2 }, 'killed runs', /2 left resources behind.*scripts\/sweep/s],
  ])('%s', async (_, change, what, words) => {
    const { observations } = await examine({ ...healthy, ...change })

    const [found, ...more] = observations.filter(({ state }) => state !== 'well')
    expect(more).toEqual([])
    expect(found?.what).toBe(what)
    expect(`${found?.text} ${found?.help}`).toMatch(words)
  })
})

describe('the machine kind that auto takes', () => {
  const taken = async (change: Partial<Probes>) => (await examine({ ...healthy, ...change })).auto

  test('is this kernel on a CI runner as root with thin pools', async () => {
    expect(await taken({ prefersNative: () => true, lacksForNative: async () => [] })).toMatchObject({ kind: 'native' })
  })

  test('is not a kernel without thin pools, nor one outside CI', async () => {
    expect(await taken({ prefersNative: () => true })).toMatchObject({ kind: 'uml' })
    expect(await taken({ lacksForNative: async () => [] })).toMatchObject({ kind: 'uml' })
  })

  test('is the guest that booted before', async () => {
    expect(await taken({ remembered: async () => 'qemu' })).toEqual({ kind: 'qemu', why: 'it has booted under this kernel before' })
  })

  test('is another if the one that booted before does not now', async () => {
    const refusesToBoot = async (kind: string) => (kind === 'uml' ? 'ptrace is forbidden' : undefined)

    expect(await taken({ remembered: async () => 'uml', refusesToBoot })).toEqual({ kind: 'qemu', why: 'the first guest that boots here' })
  })

  test('is QEMU if UML does not boot, and UML if it can be installed', async () => {
    expect(await taken({ refusesToBoot: async (kind) => (kind === 'uml' ? 'ptrace is forbidden' : undefined) })).toMatchObject({
      kind: 'qemu',
    })
    expect(await taken({ ...lacking(['uml']), kernels: () => [] })).toMatchObject({
      kind: 'uml',
      why: 'the first guest that can be installed here',
    })
  })

  test('is none if nothing boots, or nothing is installed and nothing can be', async () => {
    expect(await taken({ refusesToBoot: async () => 'no' })).toBeUndefined()
    expect(await taken({ refusesToBoot: async () => 'no', remembered: async () => 'uml' })).toBeUndefined()
    expect(await taken({ ...lacking(['storage']), hasProgram: (name) => name !== 'apt-get' })).toBeUndefined()
    expect(await taken({ ...lacking(['storage']), cacheRefusal: () => 'EROFS' })).toBeUndefined()
  })
})

test("a dd that is not GNU's is named, with what to do", async () => {
  const { observations } = await examine({ ...healthy, toolVersions: async () => ({ dd: 'dd (uutils coreutils) 0.2.2' }) })

  expect(observations.find(({ what }) => what === 'versions')).toMatchObject({
    state: 'unwell',
    text: 'dd (uutils coreutils) 0.2.2',
    help: expect.stringContaining("copies need GNU's"),
  })
})

import { expect, test } from 'vitest'
import { daemonIn, selectQemu } from './qemu_versions.ts'

const installed = ['11.1.2', '10.0.13', '7.2.22'].map((version) => ({ version, argv: daemonIn(`/cache/qemu/${version}`) }))

test.each([
  [undefined, '11.1.2'],
  ['newest', '11.1.2'],
  ['10.0', '10.0.13'],
  ['7.2', '7.2.22'],
  ['1.0', undefined],
])('QEMU %s is %s', (wanted, version) => {
  expect(selectQemu(wanted, installed)?.version).toBe(version)
})

test('none is selected where none is installed', () => {
  expect(selectQemu('newest', [])).toBeUndefined()
})

test('a daemon is started by the loader of its own suite, with the libraries beside it', () => {
  expect(daemonIn('/cache/qemu/11.1.2')).toEqual([
    '/cache/qemu/11.1.2/ld-linux-x86-64.so.2',
    '--library-path',
    '/cache/qemu/11.1.2',
    '/cache/qemu/11.1.2/qemu-storage-daemon',
  ])
})

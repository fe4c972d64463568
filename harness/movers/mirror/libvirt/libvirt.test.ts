import { expect, test } from 'vitest'
import { versionsIn } from './libvirt.ts'

test('the versions of libvirt and QEMU are those of the daemon', () => {
  const printed = `Compiled against library: libvirt 9.0.1
Using library: libvirt 9.0.1
Using API: QEMU 9.0.1
Running hypervisor: QEMU 7.2.22
Running against daemon: 9.0.0
`
  expect(versionsIn(printed)).toEqual({ qemu: '7.2.22', libvirt: '9.0.0' })
  expect(() => versionsIn('error: failed to connect')).toThrow('names no versions')
})

import { describe, expect, test } from 'vitest'
import { diskXml, domainXml, mirrorStateOf } from './domain_xml.ts'

/** A disk as `virsh dumpxml` of libvirt 9.0.0 prints it while it is copied. */
const whileCopied = (mirror: string) => `<domain type='qemu' id='1'>
  <devices>
    <disk type='block' device='disk'>
      <driver name='qemu' type='raw' cache='none' io='native'/>
      <source dev='/dev/loop0' index='1'/>
      <backingStore/>
      ${mirror}
      <target dev='vda' bus='virtio'/>
    </disk>
  </devices>
</domain>`
const mirror = (attributes: string) => `<mirror ${attributes}>
        <format type='raw'/>
        <source dev='/dev/loop1' index='2'/>
        <backingStore/>
      </mirror>`

describe('the state of a mirror', () => {
  test.each([
    ['copying', "type='block' job='copy'"],
    ['ready', "type='block' job='copy' ready='yes'"],
    ['undecided', "type='block' job='copy' ready='pivot'"],
    ['undecided', "type='block' job='copy' ready='abort'"],
  ])('is %s with the attributes %s', (state, attributes) => {
    expect(mirrorStateOf(whileCopied(mirror(attributes)))).toBe(state)
  })

  test('is none without a mirror', () => {
    expect(mirrorStateOf(whileCopied(''))).toBe('none')
  })
})

test('a volume is the disk of a domain by its device or its file', () => {
  expect(diskXml({ path: '/dev/vg/volume', kind: 'block' })).toContain("<disk type='block' device='disk'>")
  expect(diskXml({ path: '/dev/vg/volume', kind: 'block' })).toContain("<source dev='/dev/vg/volume'/>")
  expect(domainXml('instance1', { path: '/mnt/volume', kind: 'file' })).toContain("<source file='/mnt/volume'/>")
})

test('a path is escaped', () => {
  expect(diskXml({ path: "/it's <&>", kind: 'file' })).toContain("<source file='/it&#39;s &#60;&#38;&#62;'/>")
})

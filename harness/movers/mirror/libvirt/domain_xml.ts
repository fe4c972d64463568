/** The disk of a domain, by its only disk's name in the guest. */
export const DISK = 'vda'

export interface DiskSource {
  readonly path: string
  readonly kind: 'block' | 'file'
}

/**
 * A domain that never runs: its disk passes through the same block layer as that of one that does. The guest that it is in has no KVM.
 */
export function domainXml(name: string, source: DiskSource): string {
  return `<domain type='qemu'>
  <name>${name}</name>
  <memory unit='MiB'>32</memory>
  <vcpu>1</vcpu>
  <os><type arch='x86_64' machine='pc'>hvm</type></os>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    ${diskXml(source, '<shareable/>')}
    <memballoon model='none'/>
  </devices>
</domain>
`
}

/** A disk as Nova describes it: raw, cache=none, and no word of zeros or discards (nova/virt/libvirt, disk_cachemodes and driver_discard). */
export function diskXml({ path, kind }: DiskSource, more = ''): string {
  const source = `<source ${kind === 'block' ? 'dev' : 'file'}='${escaped(path)}'/>`
  const driver = "<driver name='qemu' type='raw' cache='none' io='native'/>"
  return `<disk type='${kind}' device='disk'>${driver}${source}<target dev='${DISK}' bus='virtio'/>${more}</disk>`
}

/** `none`: no block job; `undecided`: it pivots or aborts. */
export type MirrorState = 'none' | 'copying' | 'ready' | 'undecided'

/** What a domain's description says of the mirror of its only disk. */
export function mirrorStateOf(xml: string): MirrorState {
  const mirror = /<mirror\b([^>]*)>/.exec(xml)?.[1]
  if (mirror === undefined) return 'none'
  const ready = /\bready='([^']*)'/.exec(mirror)?.[1]
  if (ready === undefined) return 'copying'
  return ready === 'yes' ? 'ready' : 'undecided'
}

function escaped(text: string): string {
  return text.replace(/[&<>'"]/g, (character) => `&#${character.charCodeAt(0)};`)
}

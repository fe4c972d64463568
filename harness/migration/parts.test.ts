import { expect, test } from 'vitest'
import { BrokenLab } from '../errors.ts'
import { NotOpened } from '../movers/mirror/disk.ts'
import { MirrorFailed } from '../movers/mirror/qmp.ts'
import { demandSoundQemu } from './parts.ts'

// What is thrown here is no verdict on a driver.
test.each([
  ['QEMU that has gone', new Error('qemu-storage-daemon was ended by signal 9'), {}, BrokenLab],
  ['a mirror that does not say where it failed', new MirrorFailed('the mirror failed', 'unknown'), {}, BrokenLab],
  ['a connection that is gone', undefined, { lost: 'the NBD server closed the connection', lostBy: 'gone' }, BrokenLab],
  ['a volume that QEMU cannot open', new NotOpened('Image size is not a multiple of request alignment'), {}, NotOpened],
] as const)('%s says nothing of the volumes', (_, mirrorError, written, kind) => {
  expect(() => demandSoundQemu(mirrorError, written)).toThrow(kind)
})

test.each([
  ['a source that cannot be read', new MirrorFailed('the mirror failed', 'source'), {}],
  ['a destination that cannot be written', new MirrorFailed('the mirror failed', 'destination'), {}],
  ['a write that was refused', undefined, { lost: 'the NBD server refused a request with errno 5', lostBy: 'refused' }],
  ['nothing', undefined, {}],
] as const)('%s is left to be judged', (_, mirrorError, written) => {
  expect(() => demandSoundQemu(mirrorError, written)).not.toThrow()
})

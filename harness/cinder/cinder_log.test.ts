import { expect, test } from 'vitest'
import { claimIn, copiesIn, errorIn } from './cinder_log.ts'

const START = '2026-11-27 13:16:03.570 423 DEBUG oslo_concurrency.processutils [None req-1 admin 6f - - - -]'
const ran = (command: string) => `${START} Running cmd (subprocess): ${command} execute /usr/lib/python3/dist-packages/x.py:440\n`

test('reads the copies of dd, and what they are', () => {
  const full = 'dd if=/dev/sdb of=/dev/sda count=1073741824 bs=1M iflag=count_bytes,direct oflag=direct'
  const sparse = 'dd if=/dev/sdb of=/dev/sda count=1073741824 bs=1M iflag=count_bytes,direct oflag=direct conv=sparse'
  const driver = 'dd if=/dev/mapper/source--thin-volume of=/dev/mapper/destination--thick-volume count=1 bs=1M conv=fdatasync,sparse'
  const log = [
    ran('dd count=0 if=/dev/sdb of=/dev/sda iflag=direct'),
    ran('sudo cinder-rootwrap /etc/cinder/rootwrap.conf dd if=/dev/sda of=/dev/null count=1'),
    ran(full),
    ran(`sudo cinder-rootwrap /etc/cinder/rootwrap.conf ${sparse}`),
    ran(`sudo cinder-rootwrap /etc/cinder/rootwrap.conf ${driver}`),
    ran('env LC_ALL=C lvs'),
  ].join('')
  expect(copiesIn(log)).toEqual([
    { command: full, sparse: false, method: 'host' },
    { command: sparse, sparse: true, method: 'host' },
    { command: driver, sparse: true, method: 'driver' },
  ])
})

test('finds the error that ended a migration', () => {
  const error = '2026-11-27 13:14:48.621 423 ERROR cinder.volume.manager [None req-1 admin 6f - - - -]'
  const log = `${ran('env LC_ALL=C lvs')}${error} Failed to copy volume a to b\n${error} Traceback (most recent call last):\n`
  expect(errorIn(log)).toBe('Failed to copy volume a to b')
  expect(errorIn('')).toBeUndefined()
  expect(errorIn(`${error} Stderr: '  Volume group "a" is full\\n'\n`)).toBe('Volume group "a" is full')
  const full = String.raw`dd: error writing '/dev/sda': No space left on device\n1023+0 records in\n`
  expect(errorIn(`${log}${error} Stderr: ''\n${error} Stderr: "${full}"\n`)).toBe("dd: error writing '/dev/sda': No space left on device")
})

test("reads a service's last claim", () => {
  const update = (claim: string) =>
    `2026-11-27 13:11:20.550 423 DEBUG cinder.scheduler.host_manager [None req-1 - - -] Received volume service update from  holeproof@a: {'pools': [{'pool_name': 'a'}], ${claim}'vendor_name': 'x'} update_service_capabilities /usr/x.py:1\n`
  expect(claimIn(`${update("'sparse_copy_volume': False, ")}${update("'sparse_copy_volume': True, ")}`, 'holeproof@a')).toBe(true)
  expect(claimIn(update("'sparse_copy_volume': 'True', "), 'holeproof@a')).toBe("'True'")
  expect(claimIn(update(''), 'holeproof@a')).toBeUndefined()
  expect(claimIn(update("'sparse_copy_volume': True, "), 'holeproof@b')).toBeUndefined()
})

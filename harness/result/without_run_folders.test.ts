import { expect, test } from 'vitest'
import { withoutRunFolders } from './without_run_folders.ts'

test.each([
  ['/tmp/holeproof_0123abcd/holeproof_0123abcd_1/mnt/volume-1 holds 4096 bytes', 'volume-1 holds 4096 bytes'],
  ["cannot open '/proc/12/root/var/tmp/holeproof_0123abcd/volumes/v': No such file", "cannot open 'v': No such file"],
  ['/dev/holeproof_0123abcd_vg/v: I/O error', '/dev/holeproof_0123abcd_vg/v: I/O error'],
  ['/home/me/holeproof/driver.py and /tmp/other/v', '/home/me/holeproof/driver.py and /tmp/other/v'],
  ['dd if=/tmp/holeproof_0123abcd/v,of=/dev/sda', 'dd if=v,of=/dev/sda'],
  ["umount: '/tmp/holeproof_0123abcd/mnt/': busy", "umount: 'mnt': busy"],
  ['/tmp/holeproof_0123abcd/a->/tmp/holeproof_0123abcd/b', 'a->b'],
  ['<file>/tmp/holeproof_0123abcd/v</file>', '<file>v</file>'],
  ['qemu-img create /tmp/holeproof_0123abcd/v 1G', 'qemu-img create v 1G'],
])('%s becomes %s', (text, becomes) => {
  expect(withoutRunFolders(text)).toBe(becomes)
})

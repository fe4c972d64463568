import { describe, expect, test } from 'vitest'
import type { PathInfo, Surroundings } from '../../helper/surroundings.ts'
import { whyForeign } from './provision.ts'

const GIVEN = ['/dev/loop3']
const before: Surroundings = {
  blockDevices: ['vda', 'vda1', 'loop3', 'loop4'],
  filesystems: [
    { device: '254:1', mountedOn: '/' },
    { device: '0:44', mountedOn: '/tmp' },
  ],
}
const file: PathInfo = { kind: 'file', filesystem: '7:9', inode: 12, sizeBytes: 4096 }

/** A block device that stands on these. */
function block(...bottoms: string[]): PathInfo {
  return { kind: 'block', device: 'dm-3', dmName: 'holeproof-volume', bottoms, sizeBytes: 4096, optimalBytes: 0, logicalBytes: 512 }
}

function refusal(look: PathInfo, given = GIVEN): string | undefined {
  return whyForeign('/dev/v/volume-1', look, before, given)
}

describe('a path is refused', () => {
  test.each<[string, PathInfo, string]>([
    ['where nothing is', { kind: 'missing', why: 'ENOENT: no such file' }, 'there is nothing at "/dev/v/volume-1": ENOENT: no such file'],
    ['where a directory is', { kind: 'other', what: 'a directory' }, '"/dev/v/volume-1" is a directory'],
    ['where a pipe is', { kind: 'other', what: 'neither a block device nor a file' }, 'is neither a block device nor a file'],
    ['where a file was before the driver', { ...file, filesystem: '0:44' }, 'it lies on the filesystem of /tmp'],
    ["when the machine's own disk is below it", block('vda'), 'it stands on vda'],
    ["when a partition of the machine's own disk is below it", block('vda1'), 'it stands on vda1'],
    ["when somebody else's loop device is below it", block('loop4'), 'it stands on loop4'],
    ['when it stands on its own device and on another one', block('loop3', 'loop4'), 'it stands on loop4'],
    ['when it stands on another device and on its own', block('vda', 'loop3'), 'it stands on vda'],
  ])('%s', (_, look, why) => {
    expect(refusal(look)).toContain(why)
  })

  test('when it stands on any device from before and none was given', () => {
    expect(refusal(block('loop3'), [])).toContain('it stands on loop3')
  })

  test('also when the name of the given device only begins with its own', () => {
    expect(refusal(block('loop4'), ['/dev/loop44'])).toContain('it stands on loop4')
  })
})

describe('a path is accepted', () => {
  test.each<[string, PathInfo]>([
    ['of a file on a filesystem that was not there before', file],
    ['of a device that stands on the given one', block('loop3')],
    [
      'of the given device itself',
      { kind: 'block', device: 'loop3', dmName: '', bottoms: ['loop3'], sizeBytes: 4096, optimalBytes: 0, logicalBytes: 512 },
    ],
    ['of a device that was not there before', block('loop9')],
    ['of a device on the given one and on one that was not there before', block('loop3', 'loop9')],
  ])('%s', (_, look) => {
    expect(refusal(look)).toBeUndefined()
  })
})

describe('a refusal', () => {
  const path = '/dev/\u001b[2J\u0007\tv'

  test.each<[string, PathInfo]>([
    ['of nothing', { kind: 'missing', why: `ENOENT: no such file or directory, stat '${path}'` }],
    ['of a directory', { kind: 'other', what: 'a directory' }],
    ['of a file', { ...file, filesystem: '254:1' }],
    ['of a device', block('vda')],
  ])('%s holds no character that could disturb a terminal', (_, look) => {
    const why = whyForeign(path, look, before, GIVEN)

    expect(why).toContain('"/dev/\\u001b[2J\\u0007\\tv"')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that must not be there
    expect(why).not.toMatch(/[\u0000-\u001f]/)
  })
})

import { expect, test } from 'vitest'
import { quoted } from './describe.ts'

test.each([
  ['host/nfs/nfs', 'host/nfs/nfs'],
  ['--only=a,b', '--only=a,b'],
  ['cinder:lvm-thin', 'cinder:lvm-thin'],
  ["it's", "'it'\\''s'"],
  ['a b', "'a b'"],
  ['', "''"],
  ['$(id)', "'$(id)'"],
  ['~', "'~'"],
  ['a\nb', "'a\nb'"],
])('a shell is given %j as %s', (word, shown) => {
  expect(quoted(word)).toBe(shown)
})

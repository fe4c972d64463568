import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { withDir } from 'tmp-promise'
import { describe, expect, test } from 'vitest'
import { UsageError } from '../../errors.ts'
import { type CinderRelease, selectCinder } from '../../machine/cinder_releases.ts'
import { checkoutOf, cinderCommand, parseCinder, releaseOf, virtualenvOf } from './cinder.ts'

const installed: CinderRelease[] = ['29.0.0', '28.0.0', '21.3.1'].map((version) => ({ version, folder: `/cache/cinder/${version}` }))

describe('a Cinder is named by', () => {
  test.each(['distribution', '26', '21.3', '29.0.0', 'debian:sid', 'debian:bookworm-backports'])('a release: %s', (text) => {
    expect(parseCinder(text)).toEqual({ kind: 'release', wanted: text })
  })

  test('a checkout, with the libraries of the newest release or of another', () =>
    inFolders(['cinder'], ['cinder/version.py'], async (folder) => {
      expect(parseCinder(folder)).toEqual({ kind: 'checkout', folder, wanted: 'debian:unstable' })
      expect(parseCinder(`${folder}@26`)).toEqual({ kind: 'checkout', folder, wanted: '26' })
    }))

  test('a virtualenv', () =>
    inFolders(['bin'], ['bin/python'], async (folder) => {
      expect(parseCinder(folder)).toEqual({ kind: 'virtualenv', folder })
    }))
})

describe('what names no Cinder is refused with what would', () => {
  test.each(['sid', 'newest', '', 'v26', 'debian:', 'debian:../x', './no-such-folder'])('%j', (text) => {
    expect(() => parseCinder(text)).toThrow(UsageError)
    expect(() => parseCinder(text)).toThrow(/Name a checkout, a virtualenv, a version such as 26, debian:SUITE, or distribution\.$/)
  })

  test('a folder that is neither a checkout nor a virtualenv', () =>
    inFolders(['src'], [], async (folder) => {
      expect(() => parseCinder(folder)).toThrow(
        new UsageError(`--cinder: ${folder} is neither a checkout of Cinder, with cinder/version.py, nor a virtualenv, with bin/python`),
      )
    }))
})

test('a release is found by the numbers that its version begins with', () => {
  expect(selectCinder('29', installed)?.version).toBe('29.0.0')
  expect(selectCinder('21.3', installed)?.version).toBe('21.3.1')
  expect(selectCinder('2', installed)).toBeUndefined()
  expect(selectCinder('27', installed)).toBeUndefined()
})

test('each is run by a Python of its own', () => {
  const libraries = { version: '29.0.0', folder: '/cache/cinder/29.0.0' }
  const pythonOf = (of: Parameters<typeof cinderCommand>[0]) => cinderCommand(of, 'lvm', '/etc/cinder.conf').slice(0, -5)

  expect(pythonOf(releaseOf(libraries))).toEqual(['/cache/cinder/29.0.0/python'])
  expect(pythonOf(virtualenvOf('/home/me/venv'))).toEqual(['/home/me/venv/bin/python'])
  expect(pythonOf(checkoutOf('/home/me/cinder', '/cache/copy', libraries))).toEqual([
    'env',
    'PYTHONPATH=/cache/copy',
    '/cache/cinder/29.0.0/python',
  ])
  expect(cinderCommand(releaseOf(libraries), 'lvm', '/etc/cinder.conf').slice(-4)).toEqual([
    '--config-file',
    '/etc/cinder.conf',
    '--backend',
    'lvm',
  ])
})

async function inFolders(folders: readonly string[], files: readonly string[], use: (folder: string) => Promise<void>): Promise<void> {
  await withDir(
    async ({ path }) => {
      for (const folder of folders) await mkdir(join(path, folder), { recursive: true })
      for (const file of files) await writeFile(join(path, file), '')
      await use(path)
    },
    { unsafeCleanup: true },
  )
}

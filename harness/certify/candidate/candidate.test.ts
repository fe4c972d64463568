import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { basename, join, relative } from 'node:path'
import { withDir } from 'tmp-promise'
import { describe, expect, test } from 'vitest'
import { honestNames } from '../../drivers/backend.ts'
import { UsageError } from '../../errors.ts'
import { findCandidate } from './candidate.ts'

describe('a driver', () => {
  test.each(honestNames)('is built in when it is called %s', (name) => {
    expect(findCandidate(name)).toEqual({ kind: 'built-in', name, driver: name })
  })

  test('that is built in takes no arguments', () => {
    expect(() => findCandidate('lvm-thin', ['--fast'])).toThrow(
      new UsageError("the built-in driver lvm-thin takes no arguments, but there is '--fast'"),
    )
  })

  test.each(['driver.ts', 'driver.mts', 'driver.js', 'driver.mjs', 'driver.cjs'])('is a module when it is a file like %s', (name) =>
    withFile(name, 0o644, (path) => {
      expect(findCandidate(path)).toEqual({ kind: 'module', name, path })
    }),
  )

  test('that is a module is a module also when it is executable', () =>
    withFile('driver.ts', 0o755, (path) => {
      expect(findCandidate(path)).toMatchObject({ kind: 'module', path })
    }))

  test('is a program when it is executable, with its arguments, started here', () =>
    withFile('my driver.py', 0o755, (path) => {
      expect(findCandidate(path, ['--pool', 'a b'])).toEqual({
        kind: 'program',
        name: 'my driver.py',
        argv: [path, '--pool', 'a b'],
        cwd: process.cwd(),
      })
    }))

  test('is a program when a script that could be a module is executable and given arguments', () =>
    withFile('driver.js', 0o755, (path) => {
      expect(findCandidate(path, ['--pool'])).toMatchObject({ kind: 'program', name: 'driver.js', argv: [path, '--pool'] })
    }))

  test('may be named by a path from here: what is kept is absolute', () =>
    withFile('driver.py', 0o755, (path) => {
      expect(findCandidate(relative(process.cwd(), path))).toMatchObject({ kind: 'program', argv: [path] })
    }))

  test('is no module with arguments: a file that is not executable is told so', () =>
    withFile('driver.ts', 0o644, (path) => {
      expect(() => findCandidate(path, ['--only', 'sets-up'])).toThrow(
        new UsageError(`${path} is a module, which takes no arguments, but there is '--only'; options come before the driver`),
      )
    }))

  test('on PATH is called after the script that it is given', () =>
    withFile('driver.py', 0o644, (path) => {
      const found = findCandidate('sh', ['-u', path, 'lvm-thin'])

      expect(found).toMatchObject({ kind: 'program', name: 'driver.py' })
      expect(found.kind === 'program' && found.argv).toEqual([expect.stringMatching(/^\/.*\/sh$/), '-u', path, 'lvm-thin'])
    }))

  test('on PATH is called by its own name when no argument is a file', () => {
    expect(findCandidate('sh', ['-c', 'no such file'])).toMatchObject({ kind: 'program', name: 'sh' })
  })
})

describe('a word that is not a driver is refused with what to do', () => {
  test('a file that is not executable', () =>
    withFile('driver.py', 0o644, (path) => {
      expect(() => findCandidate(path)).toThrow(new UsageError(`${path} is not executable; chmod +x it, or name its interpreter before it`))
    }))

  test('a folder, also one that is called like a module', () =>
    withDir(
      async ({ path }) => {
        const folder = join(path, 'driver.ts')
        await mkdir(folder)

        for (const some of [path, folder]) expect(() => findCandidate(some)).toThrow(new UsageError(`${some} is a folder, not a driver`))
      },
      { unsafeCleanup: true },
    ))

  test.each(['no-such-driver', 'liar/no-such-driver'])('nothing at all: %s', (text) => {
    expect(() => findCandidate(text)).toThrow(UsageError)
    expect(() => findCandidate(text)).toThrow(
      `there is no driver ${text}. Name a file, a program on PATH, or a built-in driver: ${honestNames.join(', ')}, or liar/ and one of these.`,
    )
  })

  test.each(['./no-such-driver', '/no/such/driver', 'no/such/sh', './sh'])('a path to nothing: %s', (path) => {
    expect(() => findCandidate(path)).toThrow(new UsageError(`there is no file ${path}`))
  })
})

/** A file in a folder of its own that is gone afterwards. */
async function withFile(name: string, mode: number, use: (path: string) => void): Promise<void> {
  await withDir(
    async (folder) => {
      const path = join(folder.path, basename(name))
      await writeFile(path, '')
      await chmod(path, mode)
      use(path)
    },
    { unsafeCleanup: true },
  )
}

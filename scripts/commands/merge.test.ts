import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { withDir } from 'tmp-promise'
import { describe, expect, test } from 'vitest'
import { copyCounterexamples, findShards } from './merge.ts'

/** Folders with a result and a counterexample each, below one folder. */
const withShards = (names: readonly string[], work: (folder: string) => Promise<void>) =>
  withDir(
    async ({ path }) => {
      for (const name of names) {
        await mkdir(join(path, name, 'counterexamples'), { recursive: true })
        await writeFile(join(path, name, 'result.json'), '{}')
        await writeFile(join(path, name, 'counterexamples', `${name}.driver.mjs`), '')
      }
      await work(path)
    },
    { unsafeCleanup: true },
  )

describe('a shard', () => {
  test.each([
    ['folder', ['1', '2'], ['1', '2']],
    ['file', ['1/result.json', '2/result.json'], ['1/result.json', '2/result.json']],
    ['folder of folders', ['.'], ['1', '2']],
  ])('that is named by its %s is found with what lies beside its result', (_, paths, names) =>
    withShards(['1', '2'], async (folder) => {
      const inFolder = (path: string) => join(folder, path)

      expect(findShards(paths.map(inFolder), inFolder('out'))).toEqual([
        { name: inFolder(names[0] ?? ''), folder: inFolder('1') },
        { name: inFolder(names[1] ?? ''), folder: inFolder('2') },
      ])
    }),
  )

  test.each(['1', '1/result.json', 'link', 'link/result.json'])('is not overwritten by what is merged: %s', (path) =>
    withShards(['1', '2'], async (folder) => {
      await symlink('1', join(folder, 'link'))
      const paths = [join(folder, '2/result.json'), join(folder, path)]

      expect(() => findShards(paths, join(folder, '1'))).toThrow(/^--out: .*1 is one of the shards\. Choose another folder\.$/)
    }),
  )
})

describe("a shard's counterexamples", () => {
  const copied = async (folder: string) => {
    for (const name of ['1', '2']) await copyCounterexamples(join(folder, name), join(folder, 'out'))
    return readdir(join(folder, 'out/counterexamples'), { recursive: true })
  }

  test('come along, where there are any', () =>
    withShards(['1', '2'], async (folder) => {
      await mkdir(join(folder, '3'))
      await copyCounterexamples(join(folder, '3'), join(folder, 'out'))

      expect((await copied(folder)).toSorted()).toEqual(['1.driver.mjs', '2.driver.mjs'])
    }))

  test('come without links', () =>
    withShards(['1'], async (folder) => {
      await symlink('/etc/hostname', join(folder, '1/counterexamples/1-1.sh'))
      await symlink('/etc', join(folder, '1/counterexamples/folder'))
      await mkdir(join(folder, '2'))
      await symlink('/etc', join(folder, '2/counterexamples'))

      expect(await copied(folder)).toEqual(['1.driver.mjs'])
    }))
})

import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { dir } from 'tmp-promise'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { UsageError } from '../../../harness/errors.ts'
import { makeOutFolder, outFile, writeOutFile } from './out.ts'

let folder: string
let remove: () => Promise<void>

beforeAll(async () => {
  ;({ path: folder, cleanup: remove } = await dir({ prefix: 'holeproof-', unsafeCleanup: true }))
})
afterAll(() => remove())

test('a folder is made with its parents, and old files are removed from it', async () => {
  const out = join(folder, 'a/b/c')
  await makeOutFolder('--out', out)
  await writeFile(join(out, 'old'), '')
  await writeFile(join(out, 'other'), '')

  await makeOutFolder('--out', out, ['old', 'never-there'])

  expect([existsSync(join(out, 'old')), existsSync(join(out, 'other'))]).toEqual([false, true])
})

test('a folder that cannot be made is refused at once, with the reason', async () => {
  await writeFile(join(folder, 'file'), '')
  const message = (path: string) => makeOutFolder('--out', path).then(String, String)

  expect(await message(join(folder, 'file'))).toMatch(/UsageError: --out: cannot write to .*\/file: EEXIST/)
  expect(await message(join(folder, 'file/below'))).toContain('ENOTDIR')
  expect(await message('/proc/holeproof/below')).toContain("ENOENT: no such file or directory, mkdir '/proc/holeproof'")
})

test('a file is written, and its folders are made only then', async () => {
  const summary = join(folder, 'not/yet/summary.md')

  expect(outFile('--summary')(summary)).toBe(summary)
  expect(existsSync(join(folder, 'not'))).toBe(false)
  await writeOutFile('--summary', summary, 'once')
  expect(outFile('--summary')(summary)).toBe(summary)
  await writeOutFile('--summary', summary, 'again')

  expect(await readFile(summary, 'utf8')).toBe('again')
  expect(await readdir(join(folder, 'not/yet'))).toEqual(['summary.md'])
})

test('a file that cannot be written is refused before a run begins, and at its end', async () => {
  await mkdir(join(folder, 'a-folder'))
  await writeFile(join(folder, 'a-file'), '')

  for (const [path, why] of [
    [join(folder, 'a-folder'), 'it is a folder'],
    [join(folder, 'a-file/below/result.json'), 'ENOTDIR'],
    ['/proc/result.json', 'ENOENT'],
    ['/proc/holeproof/below/result.json', 'ENOENT'],
  ] as const) {
    expect(() => outFile('--json')(path)).toThrow(UsageError)
    expect(() => outFile('--json')(path)).toThrow(`--json: cannot write to ${path}: ${why}`)
    await expect(writeOutFile('--json', path, '')).rejects.toThrow(`--json: cannot write to ${path}: `)
  }
})

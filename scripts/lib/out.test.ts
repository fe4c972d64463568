import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { dir } from 'tmp-promise'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { UsageError } from '../../harness/machine/errors.ts'
import { makeOutFolder, outFile, writeOutFile } from './out.ts'

let folder: string
let remove: () => Promise<void>

beforeAll(async () => {
  ;({ path: folder, cleanup: remove } = await dir({ prefix: 'holeproof-', unsafeCleanup: true }))
})
afterAll(() => remove())

test('a folder is made with those above it, and takes leave of what it is to be without', async () => {
  const out = join(folder, 'a/b/c')
  await makeOutFolder('--out', out)
  await writeFile(join(out, 'old'), '')
  await writeFile(join(out, 'other'), '')

  await makeOutFolder('--out', out, ['old', 'never-there'])

  expect([existsSync(join(out, 'old')), existsSync(join(out, 'other'))]).toEqual([false, true])
})

test('where no folder can be made is refused at once, with the reason', async () => {
  await writeFile(join(folder, 'file'), '')
  const message = (path: string) => makeOutFolder('--out', path).then(String, String)

  expect(await message(join(folder, 'file'))).toMatch(/UsageError: --out: nothing can be written to .*\/file: EEXIST/)
  expect(await message(join(folder, 'file/below'))).toContain('ENOTDIR')
  expect(await message('/proc/holeproof/below')).toContain("ENOENT: no such file or directory, mkdir '/proc/holeproof'")
})

test('a file is refused before a run begins, and at its end', async () => {
  expect(outFile('--json')(join(folder, 'result.json'))).toBe(join(folder, 'result.json'))
  expect(() => outFile('--json')(join(folder, 'nowhere/result.json'))).toThrow(UsageError)
  expect(() => outFile('--json')(folder)).toThrow(/--json: nothing can be written to .*: it is a folder/)
  await expect(writeOutFile('--json', folder, '')).rejects.toThrow('--json: nothing can be written to')
})

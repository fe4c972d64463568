import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { withDir } from 'tmp-promise'
import { describe, expect, test } from 'vitest'
import { UsageError } from '../../../harness/errors.ts'
import { exampleCertificate, exampleCertification, exampleCounterexample } from '../../../tests/support/example_certificate.ts'
import { exampleResult } from '../../../tests/support/example_result.ts'
import { readResult } from './result.ts'

/** Reads a result with this content. */
const reading = (content: unknown) =>
  withDir(
    async ({ path }) => {
      await writeFile(join(path, 'result.json'), JSON.stringify(content))
      return readResult(path)
    },
    { unsafeCleanup: true },
  )

describe('an earlier result', () => {
  test('is read from its folder, and from its file', async () => {
    const result = exampleResult()

    await expect(reading(result)).resolves.toEqual(result)
    await withDir(
      async ({ path }) => {
        const file = join(path, 'any-name.json')
        await writeFile(file, JSON.stringify(result))
        await expect(readResult(file)).resolves.toEqual(result)
      },
      { unsafeCleanup: true },
    )
  })

  test('of version 1 is read in the names of version 2', async () => {
    const { copies, ...result } = exampleResult()
    await expect(reading({ ...result, schema: 'holeproof-result-1', worlds: copies })).resolves.toEqual(exampleResult())
  })

  test('of another schema is refused with both schemas', async () => {
    const other = { ...exampleResult(), schema: 'holeproof-result-0' }
    await expect(reading(other)).rejects.toThrow(
      /result\.json has the schema holeproof-result-0\. This version reads holeproof-result-2 and holeproof-result-1\.$/,
    )
  })

  test.each([{}, [], 'text', null, 5])('that is not a result is refused: %j', async (content) => {
    await expect(reading(content)).rejects.toThrow(/result\.json is not a holeproof result: it has no field "schema"$/)
  })

  test('with a wrong part is refused with its place', async () => {
    await expect(reading({ ...exampleResult(), seed: 'seven' })).rejects.toThrow(
      /result\.json does not match result\.schema\.json[\s\S]*at seed/,
    )
    await expect(reading({ ...exampleResult(), seed: 'seven' })).rejects.toThrow(UsageError)
  })

  // The scripts are written beside the merged result, and a shard's result may come from an untrusted job.
  test.each(['../../x.sh', '/tmp/x.sh', 'a/b.sh', '..', '.', '', '-x.sh'])(
    'whose counterexample would be written to %j is refused',
    async (file) => {
      const hostile = exampleCertification([exampleCertificate({ counterexamples: [{ ...exampleCounterexample(), file }] })])
      await expect(reading(hostile)).rejects.toThrow(/at certificates\[0\]\.counterexamples\[0\]\.file/)
    },
  )

  test('of several kernels is to be named by one of their folders', async () => {
    await withDir(
      async ({ path }) => {
        await mkdir(join(path, 'kernel-6.12.101'))
        await expect(readResult(path)).rejects.toThrow(`holds the results of several kernels: name one of ${path}/kernel-6.12.101)`)
      },
      { unsafeCleanup: true },
    )
  })

  test('that does not exist is named in the error', async () => {
    await expect(readResult('/nowhere/reports')).rejects.toThrow(/^\/nowhere\/reports cannot be read: /)
  })
})

import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { messageOf, UsageError } from '../../harness/errors.ts'
import { callOf } from '../../harness/paths.ts'
import { type Result, resultSchema } from '../../harness/result/result.ts'
import { readJson } from './read_json.ts'
import { RESULT_FILE } from './run.ts'

/** The file of a result that is named by its folder or itself. */
export async function resultFile(path: string): Promise<string> {
  const isFolder = await stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  )
  return isFolder ? join(path, RESULT_FILE) : path
}

/** Reads the result of an earlier run, from its folder or its file. Throws UsageError when there is none of this version's shape. */
export async function readResult(path: string): Promise<Result> {
  const file = await resultFile(path)
  const json = await readJson(file).catch((error: unknown) => {
    throw new UsageError(`${messageOf(error)}\n(${callOf('verify')} and ${callOf('certify')} write one)`)
  })
  const { value } = resultSchema.shape.schema
  const schema = typeof json === 'object' && json !== null && 'schema' in json ? json.schema : undefined
  if (schema === undefined) throw new UsageError(`${file} is no result of a run: it names no schema`)
  if (schema !== value) throw new UsageError(`${file} is of the schema ${schema}; this version reads ${value}`)
  const { data, error } = resultSchema.safeParse(json)
  if (data === undefined) throw new UsageError(`${file} is no result of this version, see result.schema.json:\n${z.prettifyError(error)}`)
  return data
}

import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { UsageError } from '../../harness/machine/errors.ts'
import { type Result, resultSchema } from '../../harness/result/result.ts'
import { readJson } from './read_json.ts'
import { RESULT_FILE } from './run.ts'

/** Reads the result of an earlier run, from its folder or its file. Throws UsageError when there is none of this version's shape. */
export async function readResult(path: string): Promise<Result> {
  const isFolder = await stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  )
  const file = isFolder ? join(path, RESULT_FILE) : path
  const json = await readJson(file)
  const { value } = resultSchema.shape.schema
  const schema = typeof json === 'object' && json !== null && 'schema' in json ? json.schema : undefined
  if (schema !== value) throw new UsageError(`${file} is of the schema ${schema ?? 'of no result'}; this version reads ${value}`)
  const parsed = resultSchema.safeParse(json)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new UsageError(`${file} is no result: ${issue?.path.join('.')}: ${issue?.message}`)
}
